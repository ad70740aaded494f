import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { ArchiveJob, ArchiverCalls, JobProgress } from './calls.js';
import { createDayWriters } from './dayWriters.js';
import { startJob } from './jobs.js';
import { openForReading } from './openDatabase.js';
import { createSealer } from './seal.js';
import { serveCalls } from './thread.js';
import { createUpkeep } from './upkeep.js';

export interface ArchiverData {
  folder: string;
  retentionDays: number;
  rollupRetentionDays: number;
  finishAfterMs: number;
}

/** The archiver thread: the only one that writes day files. It reads the log and never writes it. */
function openArchiver({ folder, ...options }: ArchiverData): ArchiverCalls {
  const logDb = openForReading(join(folder, 'log.db'));
  const days = createDayWriters(folder);
  const upkeep = createUpkeep({ folder, days, ...options });
  const sealer = createSealer(logDb, days, upkeep.touched);
  let job: Generator<JobProgress, JobProgress> | null = null;

  /** After an error nothing of what is open is believed. */
  function orClose<Args extends unknown[], Result>(work: (...args: Args) => Result): (...args: Args) => Result {
    return (...args) => {
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
    seal: orClose(({ erased, ...rest }) => sealer.seal({ ...rest, erased: new Set(erased) })),
    upkeep: orClose(({ now, retention }) => upkeep.step(now, retention)),
    begin(next: ArchiveJob) {
      upkeep.giveUp();
      job = startJob(folder, days, next);
    },
    step: orClose(() => {
      if (job === null) throw new Error('no job was begun');
      const { value, done } = job.next();
      if (done) job = null;
      return value;
    }),
    close() {
      upkeep.giveUp();
      days.closeAll();
      logDb.close();
    },
  };
}

if (parentPort !== null) serveCalls(parentPort, () => openArchiver(workerData as ArchiverData));
