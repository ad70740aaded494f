import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import type { SeriesRecord } from '../../gateway/domain/series.js';
import { dayMs } from '../../gateway/store/dayFiles/days.js';
import { mergeRunsCount } from '../../gateway/store/dayFiles/merge.js';
import { otherSeries, queryOf, readTriples, remembered, storeOptions } from '../../gateway/store/store.fixture.js';
import { openStore, type Store } from '../../gateway/store/store.js';
import * as erasing from '../rig/eraseWorkload.js';
import { roundsOr } from '../rig/killPoints.js';
import { commitsTotal, readingsOf, workloadDay, workloadSeries } from '../rig/sealWorkload.js';
import { tempFolder } from '../rig/tempFolder.js';

const rounds = roundsOr(16);

const calls = ['pwrite64', 'fdatasync', 'fsync', 'rename', 'unlink', 'ftruncate'];

/** The files that the archiver or the writer writes. strace counts calls per thread, so a run traces the files of one of them. */
function pathsOf(folder: string, of: 'archiver' | 'writer'): string[] {
  if (of === 'writer')
    return ['log.db', 'log.db-wal', 'tidegate.db', 'tidegate.db-wal'].map((name) => join(folder, name));
  const days = ['2026-11-22', '2026-11-23'];
  const names = days.flatMap((day) =>
    ['.db', '.db-wal', '.db.new', '.late.db', '.late.db-wal', '.rollup.db', '.rollup.db.new'].map((end) => day + end),
  );
  return [join(folder, 'readings'), ...names.map((name) => join(folder, 'readings', name))];
}

/** A finished run of a workload. */
interface Traced {
  /** The lines that it printed. */
  said: string[];
  /** The lines of strace. */
  trace: string[];
  /** Its exit code; null if a signal ended it. */
  status: number | null;
}

/** Runs a workload under strace, which traces calls on these files. `kill` kills the workload at the nth of these calls. */
function runTraced(
  folder: string,
  paths: string[],
  kill: { call: string; nth: number } | null,
  workload = 'sealWorkload.js',
): Traced {
  const output = join(folder, 'trace');
  // With --seccomp-bpf strace is five times as fast, but version 6.1 then sends no signal.
  const how = kill === null ? ['--seccomp-bpf'] : ['-e', `inject=${kill.call}:signal=SIGKILL:when=${kill.nth}`];
  const { stdout, status, stderr } = spawnSync(
    'strace',
    [
      ...['-f', '-qq', '-y', '-o', output, '-e', `trace=${calls.join(',')}`],
      ...paths.flatMap((path) => ['-P', path]),
      ...how,
      process.execPath,
      fileURLToPath(new URL(`../rig/${workload}`, import.meta.url)),
      join(folder, 'data'),
    ],
    { encoding: 'utf8', timeout: 180_000 },
  );
  if (kill === null && status !== 0) throw new Error(`the workload exited with code ${status}: ${stderr}`);
  return { said: stdout.split('\n').filter(Boolean), trace: readFileSync(output, 'utf8').split('\n'), status };
}

function countCalls(trace: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of trace) {
    const [, call] = /^\d+ +(\w+)\(/.exec(line) ?? [];
    if (call !== undefined) counts.set(call, (counts.get(call) ?? 0) + 1);
  }
  return counts;
}

/** About `wanted` calls at which to kill: every call of the rare kinds, and an even selection of the frequent ones. */
function killPoints(counts: Map<string, number>, wanted: number): { call: string; nth: number }[] {
  const all = [...counts].flatMap(([call, count]) => Array.from({ length: count }, (_, i) => ({ call, nth: i + 1 })));
  const rare = all.filter(({ call }) => (counts.get(call) as number) <= wanted / 8);
  const rest = all.filter(({ call }) => (counts.get(call) as number) > wanted / 8);
  const left = Math.max(1, wanted - rare.length);
  const step = rest.length / Math.min(left, rest.length);
  return [...rare, ...Array.from({ length: Math.min(left, rest.length) }, (_, i) => rest[Math.floor(i * step)])];
}

/** Checks that every acknowledged commit is stored exactly once and as it was sent. One more commit may be stored. */
async function checkStore(store: Store, acked: number, where: string): Promise<void> {
  const rows = await readTriples(store, queryOf(workloadSeries));
  const stored = rows.length / 3;
  assert.ok(stored === acked || stored === acked + 1, `${where}: ${rows.length} readings for ${acked} acked commits`);
  const expected = Array.from({ length: stored }, (_, i) => readingsOf(i + 1).slice(0, 3))
    .flat()
    .sort((a, b) => a[1] - b[1]);
  assert.deepEqual(rows, expected, where);
}

function checkIntegrity(folder: string, where: string): void {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.db'));
  for (const name of paths) {
    const db = new Database(join(folder, name), { readonly: true });
    assert.equal(db.pragma('integrity_check', { simple: true }), 'ok', `${where}: ${name}`);
    db.close();
  }
}

async function checkAfter(folder: string, acked: number, where: string): Promise<void> {
  let now = workloadDay + 3 * dayMs;
  const { store } = await openStore(
    storeOptions(folder, { now: () => now, finishAfterMs: 0, archiveFailed: (error) => assert.fail(error) }),
  );
  await checkStore(store, acked, where);
  await store.seal();
  await checkStore(store, acked, `${where}, sealed`);
  await store.idle();
  now += 120_000;
  await store.idle();
  await checkStore(store, acked, `${where}, finished`);
  await store.close();
  checkIntegrity(folder, where);
  const left = readdirSync(join(folder, 'readings')).filter((name) => /\.new|late|-wal/.test(name));
  assert.deepEqual(left, [], where);
}

/** A run with the data folder that it has left. */
type Left = Traced & { data: string };

/** Makes a complete run, and one run per kill point, of which at least nine in ten must be killed. Checks what each run has left. */
async function killAtEach(
  context: TestContext,
  wanted: number,
  run: (kill: { call: string; nth: number } | null) => Left,
  check: (left: Left, where: string) => Promise<void>,
): Promise<void> {
  const whole = run(null);
  assert.equal(whole.said.at(-1), 'done');
  await check(whole, 'not killed');
  const counts = countCalls(whole.trace);
  const points = killPoints(counts, wanted);
  let killed = 0;
  for (const point of points) {
    const left = run(point);
    if (left.status !== 0) killed++;
    await check(left, `killed at ${point.call} number ${point.nth}`);
  }
  context.diagnostic(
    `${killed} of ${points.length} runs were killed, of ${[...counts].map(([call, n]) => `${n} ${call}`).join(', ')}`,
  );
  assert.ok(killed >= points.length * 0.9, `${killed} of ${points.length} were killed`);
}

for (const of of ['archiver', 'writer'] as const) {
  test(`the ${of} is killed at every kind of write, sync, rename and removal, and nothing is lost or stored twice`, async (context: TestContext) => {
    const run = (kill: { call: string; nth: number } | null): Left => {
      const folder = tempFolder(context);
      const data = join(folder, 'data');
      return { data, ...runTraced(folder, pathsOf(data, of), kill) };
    };
    const ackedIn = ({ said }: Left): number => said.filter((line) => line.startsWith('acked')).length;
    await killAtEach(context, rounds, run, (left, where) => checkAfter(left.data, ackedIn(left), where));
  });

  test(`an erasure whose ${of} is killed at every kind of write, sync, rename and removal resumes, and the other device keeps its readings`, async (context: TestContext) => {
    const prepared = tempFolder(context);
    await erasing.prepareErase(join(prepared, 'data'));
    const run = (kill: { call: string; nth: number } | null): Left => {
      const folder = tempFolder(context);
      const data = join(folder, 'data');
      cpSync(join(prepared, 'data'), data, { recursive: true });
      return { data, ...runTraced(folder, pathsOf(data, of), kill, 'eraseWorkload.js') };
    };
    const check = async ({ data, said, status }: Left, where: string): Promise<void> => {
      if (status === 0) assert.deepEqual(said, ['asked', 'erased', 'done'], where);
      await checkErased(data, said.includes('asked'), where);
    };
    await killAtEach(context, Math.ceil(rounds / 2), run, check);
  });
}

async function checkErased(folder: string, asked: boolean, where: string): Promise<void> {
  const options = storeOptions(folder, { now: () => workloadDay + dayMs + 60_000 });
  const { store, restored } = await openStore(options);
  const stored = (known: SeriesRecord[]): Promise<[number, number, unknown][]> => readTriples(store, queryOf(known));
  const commits = Array.from({ length: erasing.commitsTotal }, (_, i) => i + 1);
  const expected = commits.map((n) => [otherSeries.id, erasing.timeOf(n), n]).sort((a, b) => a[1] - b[1]);
  assert.deepEqual(await stored([otherSeries]), expected, `${where}: the other device`);
  const mine = (await stored(erasing.erasedSeries)).length;
  if (restored.erasures.length > 0) await erasing.erase(store);
  else
    assert.equal(
      mine,
      asked ? 0 : 2 * commits.length,
      `${where}: the device, whose erasure was not asked for or is complete`,
    );
  assert.deepEqual(await stored([otherSeries]), expected, `${where}: the other device, after the erasure`);
  await store.close();
  checkIntegrity(folder, where);
  const again = await openStore(options);
  assert.deepEqual(again.restored.erasures, [], where);
  await again.store.close();
  if (!asked && restored.erasures.length === 0) return;
  assert.deepEqual(remembered(folder), [], where);
}

test('a run is synced before the commit log is cut, and a day file before it gets its name', (context) => {
  const folder = tempFolder(context);
  const data = join(folder, 'data');
  const { trace } = runTraced(folder, [...pathsOf(data, 'archiver'), ...pathsOf(data, 'writer')], null);
  const events = trace.flatMap(eventOf);
  // In each seal the run's last write must come first, then its sync, and then the log's next write; no commit runs meanwhile. From the
  // 64th seal on, runs are merged while the writer folds, and then writes to a day file may belong to a merge.
  const sealsAlone = 2 * (mergeRunsCount - 1);
  let unsynced: string | null = null;
  let seals = 0;
  for (const { call, file } of events) {
    if (/readings\/[\d-]+(\.late)?\.db-wal$/.test(file)) {
      if (call === 'pwrite64') unsynced = file;
      if ((call === 'fsync' || call === 'fdatasync') && unsynced === file) {
        unsynced = null;
        seals++;
      }
    }
    if (file.endsWith('log.db-wal') && call === 'pwrite64' && seals < sealsAlone)
      assert.equal(unsynced, null, `the log was written to while ${unsynced} was not on disk`);
  }
  assert.ok(seals > commitsTotal, `${seals} syncs of runs`);
  const at = (call: string, end: string, from = 0): number =>
    events.findIndex((event, i) => i >= from && event.call === call && event.file.endsWith(end));
  const made = at('rename', '2026-11-22.db');
  const madeAt = at('fsync', '2026-11-22.db.new');
  assert.ok(madeAt >= 0 && madeAt < made, 'a new day file is synced before it gets its name');
  for (let from = made + 1, day = 0; day < 2; day++) {
    const renamed = at('rename', '2026-11-22.db', from);
    assert.ok(renamed > 0, 'the day was finished');
    const dayAt = at('fsync', '2026-11-22.db.new', from);
    const rollupAt = at('fsync', '2026-11-22.rollup.db.new', from);
    assert.ok(
      dayAt >= from && dayAt < renamed && rollupAt >= from && rollupAt < renamed,
      'fresh files are synced first',
    );
    const folderAt = at('fsync', '/readings', renamed);
    assert.ok(folderAt > renamed, 'the new name is synced');
    const lateGone = at('unlink', '2026-11-22.late.db', from);
    if (day === 1) assert.ok(lateGone > folderAt, 'the late file is removed after the rebuilt day is in place');
    from = renamed + 1;
  }
});

/** The call of a line and its file, which for a rename is the new name. Empty for other lines. */
function eventOf(line: string): { call: string; file: string }[] {
  const byHandle = /^\d+ +(pwrite64|fdatasync|fsync|ftruncate)\(\d+<([^>]+)>/.exec(line);
  if (byHandle !== null) return [{ call: byHandle[1], file: byHandle[2] }];
  const byName = /^\d+ +(rename|unlink)\((?:"[^"]+", )?"([^"]+)"\)/.exec(line);
  return byName === null ? [] : [{ call: byName[1], file: byName[2] }];
}
