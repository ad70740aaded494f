import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { startOn } from './gateway.fixture.js';

/** Starts and stops gateways on one folder. Returns the id and what was logged of it. */
function startable(context: TestContext) {
  const data = mkdtempSync(join(tmpdir(), 'tidegate-identity-'));
  context.after(() => rmSync(data, { recursive: true, force: true }));
  const start = async (host: string, set: string[] = []): Promise<{ id: string; said: string[] }> => {
    const said: string[] = [];
    const log = pino({}, { write: (line: string) => said.push((JSON.parse(line) as { msg: string }).msg) });
    const gateway = await startOn(data, set, { host, log });
    await gateway.stop();
    return { id: gateway.gatewayId, said: said.filter((line) => /gatewayId|data folder was/.test(line)) };
  };
  return { data, start };
}

test('the id stays with the data folder under another host name, which is mentioned once', async (context) => {
  const { start } = startable(context);
  assert.deepEqual(await start('harbour'), { id: 'harbour', said: [] });
  const moved = await start('3f9a0c1b2d4e');
  assert.equal(moved.id, 'harbour');
  assert.deepEqual(moved.said, [
    'this data folder was last used on the host harbour; the id of the gateway stays harbour',
  ]);
  assert.deepEqual(await start('3f9a0c1b2d4e'), { id: 'harbour', said: [] });
});

test('an id that was random at first is the same at the next start', async (context) => {
  const { start } = startable(context);
  const { id } = await start('3f9a0c1b2d4e');
  assert.match(id, /^tidegate-[0-9a-f]{8}$/);
  assert.equal((await start('0123456789ab')).id, id);
});

test('the setting wins while it is set, and is mentioned if the folder was made for another id', async (context) => {
  const { start } = startable(context);
  assert.equal((await start('a')).id, 'a');
  const set = await start('a', ['gatewayId=plant']);
  assert.equal(set.id, 'plant');
  assert.match(set.said.join(), /the setting gatewayId is plant; this data folder was made for a/);
  assert.equal((await start('a')).id, 'a');
});

test('a configured id is kept by a new folder, so that it stays without the setting', async (context) => {
  const { start } = startable(context);
  await start('a', ['gatewayId=plant']);
  assert.deepEqual(await start('a'), { id: 'plant', said: [] });
});

test('a start with a damaged identity file is refused with 78, and the file stays as it is', async (context) => {
  const { data, start } = startable(context);
  await start('a');
  writeFileSync(join(data, 'gateway.json'), '{"gatewayId":"a');
  await assert.rejects(start('a'), { exitCode: 78 });
  assert.equal(readFileSync(join(data, 'gateway.json'), 'utf8'), '{"gatewayId":"a');
});
