import type { Logger } from 'pino';
import { uuidv7 } from 'uuidv7';
import { fileReason } from '../../schemas/errors.js';
import type { DeviceIdentity } from '../domain/device.js';
import type { Clock } from '../process/clock.js';
import type { ArchiveJob, JobProgress } from '../store/threads/archiving.js';

/** Work on the files of the store that takes long, as operators see it. */
export interface Job {
  id: string;
  type: ArchiveJob['type'];
  /** The folder of a backup, the id of the device that is erased, or `readings`, the folder of the files that are packed. */
  subject: string;
  state: 'waiting' | 'running' | 'done' | 'failed';
  filesDone: number;
  filesTotal: number;
  /** Bytes that a backup has written; 0 for other jobs. */
  bytes: number;
  /** Unix ms. */
  createdAt: number;
  endedAt: number | null;
  /** Why it failed. */
  error: string | null;
}

/** A failed erasure, for instance on a full disk, is started again after this time. */
const retryMs = 60_000;

/** Ended jobs that are still listed. */
const endedMax = 100;

/** Long work that operators start. The archiver carries out one job after the other. */
export interface Jobs {
  /**
   * Copies the store into this folder, which must be empty or missing. `ended` is called at its end, with null if it is complete.
   */
  backUp(folder: string, ended?: (error: Error | null) => void): Job;
  /** Removes everything of a removed device from every file. If that fails, another job tries it a minute later. */
  erase(device: DeviceIdentity): Job;
  /** Packs the finished days of 0.1. If one cannot be packed, the job goes on with the others and fails at its end. */
  pack(): Job;
  /** In order of creation. */
  all(): readonly Job[];
  get(id: string): Job | undefined;
}

export interface JobsOptions {
  clock: Clock;
  log: Logger;
  /** Carries out a job; resolves at its end. */
  run(job: ArchiveJob, progress: (progress: JobProgress) => void): Promise<void>;
  /** Called before a device's readings are removed from the day files: moves them all there, and accepts no more of them. */
  beforeErase(device: DeviceIdentity): Promise<void>;
  /** Called after that: removes the device from the log and the quarantine, and stores that the erasure is done. */
  afterErase(device: DeviceIdentity): Promise<void>;
  schedule(delayMs: number, run: () => void): void;
}

export function createJobs(options: JobsOptions): Jobs {
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

  function follow(job: Job, work: () => Promise<void>, ended?: (error: Error | null) => void): Job {
    const finish = (error: Error | null): void => {
      end(job, error);
      ended?.(error);
    };
    work().then(() => finish(null), finish);
    return job;
  }

  function erase(device: DeviceIdentity): Job {
    const job = add('erase', device.id);
    return follow(job, async () => {
      try {
        await options.beforeErase(device);
        await options.run({ type: 'erase', device }, progressOf(job));
        await options.afterErase(device);
      } catch (error) {
        options.schedule(retryMs, () => erase(device));
        throw error;
      }
    });
  }

  function end(job: Job, error: Error | null): void {
    const endedAt = clock.now();
    Object.assign(job, {
      state: error === null ? 'done' : 'failed',
      endedAt,
      error: error === null ? null : fileReason(error),
    });
    const { id, type, subject, filesDone, bytes, createdAt } = job;
    const facts = { job: id, subject, files: filesDone, bytes, ms: endedAt - createdAt };
    if (error === null) log.info(facts, `${type} is done`);
    else log.error({ ...facts, err: error }, `${type} failed`);
  }

  function progressOf(job: Job): (progress: JobProgress) => void {
    return ({ done, total, bytes }) => {
      Object.assign(job, { state: 'running', filesDone: done, filesTotal: total, bytes });
    };
  }

  return {
    backUp(folder, ended) {
      const job = add('backup', folder);
      return follow(job, () => options.run({ type: 'backup', folder }, progressOf(job)), ended);
    },
    erase,
    pack() {
      const job = add('pack', 'readings');
      return follow(job, () => options.run({ type: 'pack' }, progressOf(job)));
    },
    all: () => jobs,
    get: (id) => jobs.find((job) => job.id === id),
  };
}
