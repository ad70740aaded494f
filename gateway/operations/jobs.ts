import type { Logger } from 'pino';
import { uuidv7 } from 'uuidv7';
import type { DeviceIdentity } from '../domain/device.js';
import type { Clock } from '../process/clock.js';
import type { ArchiveJob, JobProgress } from '../store/threads/archiving.js';

/** Long work on the files of the store, as operators see it. */
export interface Job {
  id: string;
  type: ArchiveJob['type'];
  /** The folder of a backup, the device that is erased. */
  subject: string;
  state: 'waiting' | 'running' | 'done' | 'failed';
  filesDone: number;
  filesTotal: number;
  /** Of a backup: bytes written. */
  bytes: number;
  createdAt: number;
  endedAt: number | null;
  error: string | null;
}

/** An erasure that failed, as on a full disk, is begun again. */
const retryMs = 60_000;

/** Ended jobs that are still shown. */
const endedMax = 100;

export type Jobs = ReturnType<typeof createJobs>;

export function createJobs(options: {
  clock: Clock;
  log: Logger;
  run(job: ArchiveJob, progress: (progress: JobProgress) => void): Promise<void>;
  /** Before a device's readings are taken out of the day files: brings what there is of it there, and lets no more come. */
  beforeErase(device: DeviceIdentity): Promise<void>;
  /** After it: takes it out of the log and the quarantine, and notes that it is done. */
  afterErase(device: DeviceIdentity): Promise<void>;
  schedule(delayMs: number, run: () => void): void;
}) {
  const { clock, log } = options;
  const jobs: Job[] = [];

  function add(type: Job['type'], subject: string): Job {
    const job: Job = {
      id: uuidv7(),
      type,
      subject,
      state: 'waiting',
      filesDone: 0,
      filesTotal: 0,
      bytes: 0,
      createdAt: clock.now(),
      endedAt: null,
      error: null,
    };
    jobs.push(job);
    const ended = jobs.filter(({ endedAt }) => endedAt !== null);
    if (ended.length > endedMax) jobs.splice(jobs.indexOf(ended[0]), 1);
    return job;
  }

  function follow(job: Job, work: () => Promise<void>): Job {
    work().then(
      () => end(job, null),
      (error: Error) => end(job, error),
    );
    return job;
  }

  function erase(device: DeviceIdentity): Job {
    const job = add('erase', device.id);
    return follow(job, async () => {
      try {
        await options.beforeErase(device);
        await options.run({ type: 'erase', device }, told(job));
        await options.afterErase(device);
      } catch (error) {
        options.schedule(retryMs, () => erase(device));
        throw error;
      }
    });
  }

  function end(job: Job, error: Error | null): void {
    Object.assign(job, {
      state: error === null ? 'done' : 'failed',
      endedAt: clock.now(),
      error: error?.message ?? null,
    });
    const { id, type, subject, filesDone, bytes } = job;
    const facts = { job: id, subject, files: filesDone, bytes, ms: (job.endedAt as number) - job.createdAt };
    if (error === null) log.info(facts, `${type} is done`);
    else log.error({ ...facts, err: error }, `${type} failed`);
  }

  function told(job: Job): (progress: JobProgress) => void {
    return ({ done, total, bytes }) => {
      Object.assign(job, { state: 'running', filesDone: done, filesTotal: total, bytes });
    };
  }

  return {
    /** Copies the store into this folder, which is empty or not there. */
    backUp(folder: string): Job {
      const job = add('backup', folder);
      return follow(job, () => options.run({ type: 'backup', folder }, told(job)));
    },
    /** Takes everything of a removed device out of every file; where that fails, another job tries it a minute later. */
    erase,
    all: (): readonly Job[] => jobs,
    get: (id: string): Job | undefined => jobs.find((job) => job.id === id),
  };
}
