import { writeSync } from 'node:fs';
import { seriesKinds } from '../../gateway/domain/series.js';
import { dayMs } from '../../gateway/store/dayFiles/days.js';
import { batchOfTwo, otherSeries, series, storeOptions } from '../../gateway/store/store.fixture.js';
import { openStore, type Store } from '../../gateway/store/store.js';
import { workloadDay } from './sealWorkload.js';

/**
 * The erasure of a device, for a process that is killed meanwhile. Its readings are in each kind of place: a finished day with a late
 * file, a day of runs, and the commit log.
 */
export const erasedSeries = [series(1, 'temperature'), series(2, 'door', seriesKinds.string)];

export const commitsTotal = 8;

/** The time of a commit's readings; odd commits are a day later. */
export const timeOf = (commit: number): number => workloadDay + commit * 10 + (commit % 2) * dayMs;

const erased = { id: 'd', key: 1, createdAt: 1 };

/** Stores the readings: commits 1 to 4 in day files of which the first is finished, 5 and 6 in a late file or a run, 7 and 8 in the log. */
export async function prepareErase(folder: string): Promise<void> {
  let now = workloadDay;
  const { store } = await openStore(storeOptions(folder, { now: () => now, finishAfterMs: 0 }));
  for (let n = 1; n <= commitsTotal; n++) {
    await store.commit(batchOfTwo(n, timeOf(n), n === 1 ? [...erasedSeries, otherSeries] : []), now);
    if (n === 4) {
      await store.seal();
      now = workloadDay + dayMs + 60_000;
      await store.idle();
    }
    if (n === 6) await store.seal();
  }
  await store.close();
}

/** Erases the device with the same steps as the gateway (gateway/operations/). */
export async function erase(store: Store): Promise<void> {
  store.leaveOut(erased.key);
  await store.seal();
  await store.run({ type: 'erase', device: erased }, () => {});
  await store.forget(erased.key);
  await store.change([{ type: 'device_erased', deviceKey: erased.key }]);
}

if (process.argv[2] !== undefined && process.argv[1]?.endsWith('eraseWorkload.js')) {
  const { store } = await openStore(storeOptions(process.argv[2], { now: () => workloadDay + dayMs + 60_000 }));
  await store.change([{ type: 'erase_device', device: erased }]);
  writeSync(1, 'asked\n');
  await erase(store);
  writeSync(1, 'erased\n');
  await store.close();
  writeSync(1, 'done\n');
}
