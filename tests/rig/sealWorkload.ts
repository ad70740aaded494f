import { writeSync } from 'node:fs';
import { dayMs } from '../../gateway/store/dayFiles/days.js';
import { batchOf, queryOf, readTriples, series, storeOptions, type Triple } from '../../gateway/store/store.fixture.js';
import { openStore } from '../../gateway/store/store.js';

/**
 * The whole life of a store in a few seconds, for a process that is killed meanwhile: commits, seals, a merge of 64 runs, a finished day,
 * late readings, and the day finished again. Prints each commit to stdout when it is acknowledged.
 */
export const workloadDay = 1_795_305_600_000;
export const workloadSeries = [series(1, 'temperature')];
const seals = 66;
export const commitsTotal = seals + 3;

/** The readings of a commit: three with times that no other commit has, and one that repeats a time of the commit before with another value. */
export function readingsOf(commit: number): Triple[] {
  const at = workloadDay + commit * 10;
  return [
    [1, at, commit],
    [1, at + 1, commit + 0.25],
    [1, at + dayMs, commit + 0.5],
    ...(commit > 1 ? [[1, at - 10, -1] as Triple] : []),
  ];
}

/** Runs the workload on the folder. `print` gets one line per step. */
export async function runWorkload(folder: string, print: (line: string) => void): Promise<void> {
  let now = workloadDay + dayMs;
  const { store } = await openStore(
    storeOptions(folder, {
      now: () => now,
      finishAfterMs: 0,
      archiveFailed: (error) => {
        throw error;
      },
    }),
  );
  const commit = async (n: number): Promise<void> => {
    await store.commit(batchOf(n, readingsOf(n), workloadSeries), now);
    print(`acked ${n}`);
    await store.seal();
    // The archiver rests before the next commit, so that the writes of two seals never mix.
    await store.idle();
    print(`sealed ${n}`);
  };
  now = workloadDay;
  for (let n = 1; n <= seals; n++) await commit(n);
  await store.idle();
  print('merged');
  now = workloadDay + dayMs + 60_000;
  await store.idle();
  print('finished');
  for (let n = seals + 1; n <= commitsTotal; n++) await commit(n);
  now += 120_000;
  await store.idle();
  print('folded');
  const rows = await readTriples(store, queryOf(workloadSeries));
  if (rows.length !== 3 * commitsTotal)
    throw new Error(`the store has ${rows.length} readings instead of ${3 * commitsTotal}`);
  await store.close();
  print('done');
}

if (process.argv[2] !== undefined && process.argv[1]?.endsWith('sealWorkload.js'))
  await runWorkload(process.argv[2], (line) => writeSync(1, `${line}\n`));
