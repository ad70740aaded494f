import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { createDayWriters } from '../dayFiles/dayWriters.js';
import { openForReading } from '../sqlite/openDatabase.js';
import type { ArchiveJob, ArchiverCalls, JobProgress } from '../threads/calls.js';
import { createPace, type PaceMemory } from '../threads/pace.js';
import { yieldToOthers } from '../threads/priority.js';
import { Moved, serveCalls } from '../threads/thread.js';
import { startJob } from './jobs.js';
import { createSealer } from './seal.js';
import { createUpkeep } from './upkeep.js';

export interface ArchiverData {
  folder: string;
  retentionDays: number;
  rollupRetentionDays: number;
  finishAfterMs: number;
  pace: PaceMemory;
}

/** The archiver thread: the only one that writes day files. It reads the log and never writes it. */
function openArchiver({ folder, pace: memory, ...options }: ArchiverData) {
  yieldToOthers(10);
  const pace = createPace(memory);
  const logDb = openForReading(join(folder, 'log.db'));
  const days = createDayWriters(folder, pace);
  const upkeep = createUpkeep({ folder, days, ...options });
  const sealer = createSealer(logDb, days, pace, upkeep.touched);
  let job: Generator<JobProgress, JobProgress> | null = null;

  /** After an error nothing of what is open is believed. */
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
    ready() {},
    seal: orClose(({ erased, ...rest }: Parameters<ArchiverCalls['seal']>[0]) => {
      const sealed = sealer.seal({ ...rest, erased: new Set(erased) });
      return new Moved(
        sealed,
        sealed.fold.map(({ buffer }) => buffer),
      );
    }),
    upkeep: orClose(({ now, retention }: Parameters<ArchiverCalls['upkeep']>[0]) => {
      const step = upkeep.step(now, retention);
      pace.rest();
      return step;
    }),
    begin(next: ArchiveJob) {
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
  } satisfies { [Name in keyof ArchiverCalls]: (...args: Parameters<ArchiverCalls[Name]>) => unknown };
}

if (parentPort !== null) serveCalls(parentPort, () => openArchiver(workerData as ArchiverData));
