import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openTestLink } from '../../gateway/gateway.fixture.js';
import type { NewCredentialBody } from '../../schemas/generated/operator.js';
import { packageRoot } from '../../schemas/load.js';
import { type GatewayProcess, startGatewayProcess } from '../rig/gatewayProcess.js';
import { tempFolder } from '../rig/tempFolder.js';

/** The first example of docs/store.md that calls sqlite3, as a user would type it. */
function exampleOf(docs: string): string {
  const [, example] = /```\n(sqlite3 -readonly [\s\S]*?)\n```/.exec(docs) ?? [];
  assert.ok(example !== undefined, 'docs/store.md has an example for sqlite3');
  return example;
}

const example = exampleOf(readFileSync(join(packageRoot, 'docs', 'store.md'), 'utf8'));

/** Runs the example in a folder that holds `data`, on another day's file. */
function runExample(folder: string, day: string): string[] {
  const command = example.replaceAll(/\d{4}-\d\d-\d\d/g, day);
  return execFileSync('bash', ['-c', command], { cwd: folder, encoding: 'utf8' }).trim().split('\n');
}

async function withReadings(context: TestContext, set: string[]): Promise<{ folder: string; gateway: GatewayProcess }> {
  const folder = tempFolder(context);
  const gateway = await startGatewayProcess({ data: join(folder, 'data'), set });
  context.after(() => gateway.kill('SIGKILL'));
  const device = await gateway.api<NewCredentialBody>('POST', '/v1/devices', { id: 'boiler-7', model: 'boiler' });
  const link = await openTestLink(`${gateway.deviceUrl}?stream=main`, ['tidegate.v1.json'], device);
  const yesterday = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 43_200_000;
  const samples = [1, 2, 3].map((n) => ({ ts: yesterday + n * 1_000, values: { temperature: 60 + n } }));
  link.send({ seq: 1, samples });
  await link.untilAck(1);
  await gateway.api('POST', '/v1/gateway/seal');
  await link.close();
  return { folder, gateway };
}

const dayOf = (folder: string): string =>
  (readdirSync(join(folder, 'data', 'readings')).find((name) => /^[\d-]{10}\.db$/.test(name)) as string).slice(0, 10);
const expected = ['boiler-7|temperature|Cel|3|62.0'];

test('the sqlite3 example of docs/store.md works as typed, both beside a running gateway and after it has ended', async (context) => {
  const { folder, gateway } = await withReadings(context, []);
  const day = dayOf(folder);
  assert.deepEqual(runExample(folder, day), expected);
  assert.equal(await gateway.stop(), 0);
  assert.deepEqual(runExample(folder, day), expected);
});

test('a finished day is one file, which can be copied while the gateway runs and read anywhere without write access', async (context) => {
  const { folder, gateway } = await withReadings(context, ['store.finishAfterSeconds=0']);
  await gateway.line(({ msg, task }) => msg === 'day file kept up' && task === 'finish');
  const day = dayOf(folder);
  const away = tempFolder(context);
  mkdirSync(join(away, 'data', 'readings'), { recursive: true });
  copyFileSync(join(folder, 'data', 'readings', `${day}.db`), join(away, 'data', 'readings', `${day}.db`));
  execFileSync('chmod', ['-R', 'a-w', join(away, 'data')]);
  assert.deepEqual(runExample(away, day), expected);
  const ask = (file: string, sql: string): string =>
    execFileSync('sqlite3', ['-readonly', file, sql], { encoding: 'utf8' }).trim();
  const path = join(away, 'data', 'readings', `${day}.db`);
  assert.equal(ask(path, 'PRAGMA integrity_check'), 'ok');
  assert.equal(ask(path, 'PRAGMA journal_mode'), 'delete');
  // The query uses the index for device and time, and scans nothing.
  const plan = ask(path, "EXPLAIN QUERY PLAN SELECT * FROM readings WHERE device = 'boiler-7' AND ts > 0");
  assert.doesNotMatch(plan, /SCAN r/);
  const rollup = join(folder, 'data', 'readings', `${day}.rollup.db`);
  assert.equal(
    ask(rollup, 'SELECT device, metric, unit, count, min, max, sum, first, last FROM readings_1h'),
    'boiler-7|temperature|Cel|3|61.0|63.0|186.0|61.0|63.0',
  );
  assert.equal(await gateway.stop(), 0);
});
