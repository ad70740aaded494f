import type { Logger } from 'pino';
import { codeOf, errorOf, fileReason } from '../../schemas/errors.js';
import type { Clock } from '../process/clock.js';
import type { Store } from '../store/store.js';

/** How often it is looked for days that became due, and how long a failed run waits for the next one. */
const checkMs = 60_000;

/** The archive of finished days as Parquet files in store.archive. */
export interface DayArchive {
  /** Begins to write the days that are due. To be called each second. */
  tick(): void;
  /** Files written since the start. */
  days(): number;
  /** Runs that failed since the start. */
  failures(): number;
}

export interface DayArchiveOptions {
  clock: Pick<Clock, 'now'>;
  log: Logger;
  store: Pick<Store, 'export' | 'daysToArchive'>;
  /** Undefined: there is no archive. */
  folder: string | undefined;
}

/** Writes each finished day into the archive, and again if the day is rebuilt. A run that fails is repeated, and delays nothing else. */
export function createDayArchive({ clock, log, store, folder }: DayArchiveOptions): DayArchive {
  let nextAt = 0;
  let running = false;
  let days = 0;
  let failures = 0;

  async function run(archive: string): Promise<void> {
    const before = days;
    const startedAt = clock.now();
    let last = { readings: 0, bytes: 0, damaged: 0 };
    await store.export({ type: 'archive', archive, now: startedAt }, (progress) => {
      days = before + progress.done;
      last = progress;
    });
    if (days === before) return;
    const { readings, bytes, damaged } = last;
    log.info(
      { folder: archive, days: days - before, readings, bytes, ms: clock.now() - startedAt },
      'days were archived',
    );
    if (damaged > 0)
      log.warn(
        { folder: archive, parts: damaged },
        'damaged parts are missing in the archive; tidegate doctor --all names them',
      );
  }

  function failed(thrown: unknown): void {
    if (codeOf(thrown) === 'STORE_CLOSING') return;
    failures++;
    const error = errorOf(thrown);
    log.error({ err: error, folder }, `days were not archived (${fileReason(error)}); it is tried again in a minute`);
  }

  return {
    tick() {
      const now = clock.now();
      // A clock that was ahead may have set a time that is far away.
      const isEarly = now < nextAt && nextAt - now <= checkMs;
      if (folder === undefined || running || isEarly) return;
      nextAt = now + checkMs;
      if (store.daysToArchive(folder, now) === 0) return;
      running = true;
      run(folder)
        .catch(failed)
        .finally(() => {
          running = false;
          nextAt = clock.now() + checkMs;
        });
    },
    days: () => days,
    failures: () => failures,
  };
}
