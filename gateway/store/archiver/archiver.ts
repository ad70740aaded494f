/**
 * The archiver thread. archiver/ holds what this thread does, and the main thread's schedule of it (schedule.ts). What is in a
 * day file belongs into dayFiles/.
 */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { createDayWriterPool } from '../dayFiles/dayWriterPool.js';
import { expiredDay } from '../logDb/foldTables.js';
import { openMeta } from '../sqlite/meta.js';
import { openForReading } from '../sqlite/openDatabase.js';
import type { JobProgress } from '../threads/archiving.js';
import type { ArchiverCalls } from '../threads/calls.js';
import { createPace, type PaceMemory } from '../threads/pace.js';
import { yieldToOthers } from '../threads/priority.js';
import { type Handlers, Moved, serveCalls } from '../threads/thread.js';
import { startJob } from './jobs.js';
import { Sealer } from './seal.js';
import { Troubles } from './troubles.js';
import { Upkeep } from './upkeep.js';

export interface ArchiverData {
  folder: string;
  retentionDays: number;
  rollupRetentionDays: number;
  /** A day is finished if it is over and no reading was sealed into it for this time. */
  finishAfterMs: number;
  pace: PaceMemory;
}

/** Opens what the archiver works with. No other thread writes day files; this one reads the log and never writes it. */
function openArchiver({ folder, pace: memory, ...options }: ArchiverData): Handlers<ArchiverCalls> {
  yieldToOthers(10);
  const pace = createPace(memory);
  const logDb = openForReading(join(folder, 'log.db'));
  const days = createDayWriterPool(folder, pace);
  const meta = openMeta(logDb);
  const troubles = new Troubles(folder);
  const upkeep = new Upkeep({ folder, days, troubles, expiredDay: () => expiredDay(meta), ...options });
  const sealer = new Sealer(logDb, days, pace, troubles, (day, now) => upkeep.touched(day, now));
  let job: Generator<JobProgress, JobProgress> | null = null;

  /** Closes all files, because after an error no open file is trusted. */
  function orClose<Args extends unknown[], Result>(work: (...args: Args) => Result): (...args: Args) => Result {
    return (...args) => {
      pace.begin();
      try {
        return work(...args);
      } catch (error) {
        upkeep.giveUp();
        days.closeAll();
        throw error;
      }
    };
  }

  return {
    ready: (now) => upkeep.lookAtAll(now),
    damagedDays: () => troubles.list(),
    seal: orClose(({ erased, ...rest }) => {
      const sealed = sealer.seal({ ...rest, erased: new Set(erased) });
      return new Moved(
        sealed,
        sealed.fold.map(({ buffer }) => buffer),
      );
    }),
    upkeep: orClose(({ now, retention }) => {
      const step = upkeep.step(now, retention);
      pace.rest();
      return step;
    }),
    begin(next) {
      upkeep.giveUp();
      job = startJob(folder, days, next);
    },
    step: orClose(() => {
      if (job === null) throw new Error('no job was begun');
      const { value, done } = job.next();
      if (done) job = null;
      pace.rest();
      return value;
    }),
    close() {
      upkeep.giveUp();
      days.closeAll();
      logDb.close();
    },
  };
}

if (parentPort !== null) serveCalls<ArchiverCalls>(parentPort, () => openArchiver(workerData));
