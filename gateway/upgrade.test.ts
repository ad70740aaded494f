import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import type { DeviceBody, GatewayBody } from '../schemas/generated/operator.js';
import { gatewayTools, startOn } from './gateway.fixture.js';
import type { Gateway } from './gateway.js';
import { readAnswers } from './store/answers.fixture.js';
import { expectedOf, releases, unpackRelease } from './store/release.fixture.js';
import { openTestStore } from './store/store.fixture.js';

for (const name of releases) {
  test(`a data folder of ${name} gives the same answers at once, sealed, and after another start`, async (context) => {
    const { at, answers } = expectedOf(name);
    assert.ok(Object.values(answers.readings).some((rows) => rows.length > 0));
    let running: Gateway | null = null;
    // Hooks run in the order in which they were added, so the gateway stops before its folder is removed.
    context.after(() => running?.stop());
    const folder = unpackRelease(context, name);
    // The clock is set to the time of the release, so that no reading is too old and no command has expired.
    const clock = { now: () => at + 60_000 };
    for (const start of [1, 2]) {
      const gateway = await startOn(folder, [], { clock });
      running = gateway;
      const { api } = gatewayTools(gateway, folder);
      assert.deepEqual(await readAnswers(api), answers, `start ${start}`);
      assert.equal((await api('POST', '/v1/gateway/seal')).status, 204);
      assert.equal(((await api('GET', '/v1/gateway')).body as GatewayBody).unsealedReadings, 0);
      assert.deepEqual(await readAnswers(api), answers, `start ${start}, sealed`);
      await gateway.stop();
      running = null;
    }
  });

  test(`a data folder of ${name} gives its marks, tables, open commands and batches, before and after a seal`, async (context) => {
    const { at, marks, answers } = expectedOf(name);
    const folder = unpackRelease(context, name);
    for (const start of [1, 2]) {
      const { store, restored } = await openTestStore(context, folder, { now: () => at, archiveFailed: assert.fail });
      const kept = restored.devices.find(({ id }) => id === 'kept-1');
      const found = restored.streams.filter(({ deviceKey, kept: isKept }) => deviceKey === kept?.key && isKept);
      assert.deepEqual(Object.fromEntries(found.map(({ name: stream, mark }) => [stream, mark])), marks);
      assert.deepEqual(
        restored.tables.map(({ table, metrics }) => [table, metrics.map(({ name: metric }) => metric)]),
        [[3, ['pressure']]],
      );
      const open = Object.values(answers.commands)
        .flat()
        .filter((command) => 'endedAt' in command && command.endedAt === null);
      assert.deepEqual(
        restored.commands.map(({ id }) => id).sort(),
        open.map((command) => ('id' in command ? command.id : null)).sort(),
      );
      assert.deepEqual(
        restored.batches.map(({ batch }) => batch.id),
        answers.batches.map((batch) => ('id' in batch ? batch.id : null)),
      );
      assert.deepEqual(restored.erasures, []);
      assert.ok(start === 1 ? restored.replayedReadings > 0 : restored.replayedReadings === 0);
      await store.seal();
      await store.close();
    }
  });
}

test('a device of 0.1.0 has no name and no notes; those that it gets are kept over a restart', async (context) => {
  let running: Gateway | null = null;
  context.after(() => running?.stop());
  const folder = unpackRelease(context, '0.1.0');
  const clock = { now: () => expectedOf('0.1.0').at + 60_000 };
  const start = async () => {
    running = await startOn(folder, [], { clock });
    return gatewayTools(running, folder);
  };
  const first = await start();
  const before = (await first.api('GET', '/v1/devices/kept-1')).body as DeviceBody;
  assert.deepEqual([before.name, before.notes], [null, null]);
  const about = { name: 'Boiler of the north hall', notes: 'Serviced in May.\nValve 3 is stiff.' };
  assert.equal((await first.api('PATCH', '/v1/devices/kept-1', about)).status, 200);
  await first.gateway.stop();
  const second = await start();
  assert.deepEqual((await second.api('GET', '/v1/devices/kept-1')).body, { ...before, ...about });
  assert.equal((await second.api('PATCH', '/v1/devices/kept-1', { notes: null })).status, 200);
  await second.gateway.stop();
  const third = await start();
  const after = (await third.api('GET', '/v1/devices/kept-1')).body as DeviceBody;
  assert.deepEqual([after.name, after.notes, after.tags], [about.name, null, before.tags]);
});

test('a data folder of a development version before 0.1.0 is refused with exit code 78, and is left as it is', async (context) => {
  for (const [file, version] of [
    ['log.db', 1],
    ['log.db', 2],
    ['tidegate.db', 1],
    ['tidegate.db', 3],
  ] as const) {
    const folder = unpackRelease(context, '0.1.0');
    const db = new Database(join(folder, file));
    db.pragma(`user_version = ${version}`);
    db.close();
    const before = readFileSync(join(folder, file));
    await assert.rejects(startOn(folder), (error: Error & { exitCode?: number }) => {
      assert.match(
        error.message,
        new RegExp(`${file} has version ${version}, of a development version before 0\\.1\\.0; .*empty data folder`),
      );
      assert.equal(error.exitCode, 78);
      return true;
    });
    assert.deepEqual(readFileSync(join(folder, file)), before);
  }
});
