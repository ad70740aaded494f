import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { openTestLink } from '../../gateway/gateway.fixture.js';
import { openSqlView } from '../../gateway/store/outside/sqlView.js';
import type { NewCredentialBody } from '../../schemas/generated/operator.js';
import { packageRoot } from '../../schemas/load.js';
import { type GatewayProcess, startGatewayProcess } from '../rig/gatewayProcess.js';
import { tempFolder } from '../rig/tempFolder.js';

/** The examples of docs/store.md that call sqlite3, as a user would type them: of readings, and of chunks. */
const examples = [
  ...readFileSync(join(packageRoot, 'docs', 'store.md'), 'utf8').matchAll(/```\n(sqlite3 -readonly [\s\S]*?)\n```/g),
].map(([, example]) => example);

/** Runs an example in a folder that holds `data`, on another day's file. */
function runExample(folder: string, day: string, example = examples[0]): string[] {
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

test('the sqlite3 examples of docs/store.md work as typed, both beside a running gateway and after it has ended', async (context) => {
  const { folder, gateway } = await withReadings(context, []);
  const day = dayOf(folder);
  assert.equal(examples.length, 2);
  assert.deepEqual(runExample(folder, day), expected);
  assert.deepEqual(runExample(folder, day, examples[1]), [`boiler-7|temperature|3|${day} 12:00:03`]);
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
  // Conditions on device and metric are searched by the indexes of the series and of the chunks. There is one run.
  for (const [condition, columns] of [
    ["device = 'boiler-7'", 'device=\\?'],
    ["device = 'boiler-7' AND metric = 'temperature' AND ts > 0", 'device=\\? AND metric=\\?'],
  ]) {
    const plan = ask(path, `EXPLAIN QUERY PLAN SELECT * FROM readings WHERE ${condition}`);
    assert.match(plan, new RegExp(`SEARCH s USING INDEX \\S+ \\(${columns}\\)`));
    assert.match(plan, /SEARCH c USING PRIMARY KEY \(run=\? AND series=\?\)/);
    assert.doesNotMatch(plan, /SCAN [sc]\b/);
  }
  const rollup = join(folder, 'data', 'readings', `${day}.rollup.db`);
  assert.equal(
    ask(rollup, 'SELECT device, metric, unit, count, min, max, sum, first, last FROM readings_1h'),
    'boiler-7|temperature|Cel|3|61.0|63.0|186.0|61.0|63.0',
  );
  assert.equal(await gateway.stop(), 0);
});

type Value = number | string | boolean;

/** Values of every form that a chunk has, by metric: decimals, whole numbers, raw floats, booleans, strings. */
const kinds: Record<string, (i: number, random: () => number) => Value> = {
  decimal: (i) => ((i * 7) % 1_000) / 100,
  whole: (i) => i * 1_000_003 - 500_000_000,
  regular: () => 21.1,
  float32: (_, random) => Math.fround(random() - 0.5),
  // From 2^53 up to 1e21 JSON.stringify writes a number as an integer, which is refused (J-3).
  float64(_, random) {
    const value = (random() - 0.5) * 10 ** Math.floor(600 * random() - 300);
    return Math.abs(value) >= 2 ** 53 && Math.abs(value) < 1e21 ? value * 1e9 : value;
  },
  extreme: (i) =>
    [5e-324, Number.MAX_VALUE, -Number.MIN_VALUE, 2 ** 53 - 1, 0, -1 / 3, -1e300, 2.2250738585072014e-308][i % 8],
  flag: (i) => i % 3 === 0,
  text: (i) => ['', 'open', "it's", 'ä 😀\n"quoted"', `n${i}`, 'x'.repeat(300)][i % 6],
};

/** Sends so many readings of each kind for yesterday, at jittered times. */
async function sendKinds(gateway: GatewayProcess, frames: number, perFrame: number): Promise<void> {
  const device = await gateway.api<NewCredentialBody>('POST', '/v1/devices', { id: 'kinds' });
  const link = await openTestLink(`${gateway.deviceUrl}?stream=main`, ['tidegate.v1.json'], device);
  const midnight = Math.floor(Date.now() / 86_400_000 - 1) * 86_400_000;
  let state = 1;
  const random = (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  for (let frame = 0; frame < frames; frame++) {
    const samples = Array.from({ length: perFrame }, (_, at) => {
      const i = frame * perFrame + at;
      const values = Object.fromEntries(Object.entries(kinds).map(([metric, value]) => [metric, value(i, random)]));
      return { ts: midnight + 10_000 * i + Math.floor(40 * random()), values };
    });
    link.send({ seq: frame + 1, samples });
    await link.untilAck(frame + 1);
  }
  await gateway.api('POST', '/v1/gateway/seal');
  await link.close();
}

type Row = [metric: string, ts: number, value: number | string];

/** A boolean is 0 or 1 in SQL. */
async function readingsOverHttp(gateway: GatewayProcess): Promise<Row[]> {
  const { items } = await gateway.api<{ items: { metric: string; ts: number; value: Value }[] }>(
    'GET',
    '/v1/devices/kinds/readings?limit=10000',
  );
  const rows = items.map(
    ({ metric, ts, value }): Row => [metric, ts, typeof value === 'boolean' ? Number(value) : value],
  );
  return sorted(rows);
}

const sorted = (rows: Row[]): Row[] => rows.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1]));

/** What Debian's sqlite3 reads, copied by it into a table, so that no digit is lost in text. */
function readingsInShell(folder: string, path: string, where: string): Row[] {
  const copy = join(folder, 'copy.db');
  rmSync(copy, { force: true });
  const sql = `ATTACH 'file:${path}?mode=ro' AS day;
    CREATE TABLE copy AS SELECT metric, ts, value FROM day.readings WHERE ${where};`;
  execFileSync('sqlite3', [copy, sql]);
  const db = new Database(copy, { readonly: true });
  const rows = db.prepare<[], Row>('SELECT metric, ts, value FROM copy').raw().all();
  db.close();
  return sorted(rows);
}

/** What Python's module reads. It prints a number with as many digits as name it exactly. */
function readingsInPython(path: string, where: string): Row[] {
  const program = `import json, sqlite3
db = sqlite3.connect("file:${path}?mode=ro", uri=True)
print(json.dumps(db.execute("SELECT metric, ts, value FROM readings WHERE ${where}").fetchall()))`;
  const text = execFileSync('python3', ['-c', program], { encoding: 'utf8', maxBuffer: 1e8 });
  return sorted(JSON.parse(text) as Row[]);
}

test('sqlite3 and Python of Debian, and tidegate sql, read the same values of every kind from a packed day as the API answers, to the bit', async (context) => {
  const folder = tempFolder(context);
  const gateway = await startGatewayProcess({ data: join(folder, 'data'), set: ['store.finishAfterSeconds=0'] });
  context.after(() => gateway.kill('SIGKILL'));
  await sendKinds(gateway, 6, 200);
  await gateway.line(({ msg, task }) => msg === 'day file kept up' && task === 'finish');
  const wanted = await readingsOverHttp(gateway);
  assert.equal(wanted.length, 1_200 * Object.keys(kinds).length);
  const path = join(folder, 'data', 'readings', `${dayOf(folder)}.db`);
  const forms = execFileSync('sqlite3', [
    '-readonly',
    path,
    'SELECT DISTINCT CASE WHEN k > 0 THEN 1 ELSE k END FROM chunk ORDER BY 1',
  ]);
  assert.equal(forms.toString(), '-8\n-4\n-2\n-1\n0\n1\n', 'every form is there');
  assert.deepEqual(readingsInShell(folder, path, '1'), wanted);
  assert.deepEqual(readingsInPython(path, '1'), wanted);
  const view = openSqlView(join(folder, 'data'), 0, Date.now());
  assert.deepEqual(sorted([...view.run('SELECT metric, ts, value FROM readings').rows] as Row[]), wanted);
  view.close();
  const one = wanted.filter(([metric]) => metric === 'float64').slice(300, 900);
  const where = `device = 'kinds' AND metric = 'float64' AND ts BETWEEN ${one[0][1]} AND ${one[599][1]}`;
  assert.deepEqual(readingsInShell(folder, path, where), one);
  assert.deepEqual(readingsInPython(path, where), one);
  const counted = execFileSync('sqlite3', [
    '-readonly',
    path,
    'SELECT metric, sum(count) FROM chunks GROUP BY metric ORDER BY metric',
  ]);
  assert.equal(
    counted.toString(),
    Object.keys(kinds)
      .sort()
      .map((metric) => `${metric}|1200\n`)
      .join(''),
  );
  assert.equal(await gateway.stop(), 0);
});
