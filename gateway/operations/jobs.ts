import type { Logger } from 'pino';
import { uuidv7 } from 'uuidv7';
import { fileReason } from '../../schemas/errors.js';
import type { DeviceIdentity } from '../domain/device.js';
import type { ExportProgress, ExportSpec } from '../domain/exports.js';
import type { Clock } from '../process/clock.js';
import type { ArchiveJob, JobProgress } from '../store/threads/archiving.js';

/** Work on the files of the store that takes long, as operators see it. */
export interface Job {
  id: string;
  type: ArchiveJob['type'] | 'export';
  /** The folder of a backup or of an export, the id of the device that is erased, or `readings`, the folder of the files that are packed. */
  subject: string;
  state: 'waiting' | 'running' | 'done' | 'failed';
  filesDone: number;
  filesTotal: number;
  /** Bytes that a backup or an export has written; 0 for other jobs. */
  bytes: number;
  /** Readings that an export has written; 0 for other jobs. */
  readings: number;
  /** Damaged parts of day files that an export had to leave out. */
  damaged: number;
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

/**
 * Backups, erasures and packing, carried out one after the other by the archiver, and exports, one after the other beside them. Operators
 * start all of them.
 */
export interface Jobs {
  /**
   * Copies the store into this folder, which must be empty or missing. `ended` is called at its end, with null if it is complete.
   */
  backUp(folder: string, ended?: (error: Error | null) => void): Job;
  /** Removes everything of a removed device from every file. If that fails, another job tries it a minute later. */
  erase(device: DeviceIdentity): Job;
  /** Packs the finished days of 0.1. If one cannot be packed, the job goes on with the others and fails at its end. */
  pack(): Job;
  /** Seals, and exports the chosen readings into files. */
  exportTo(spec: ExportSpec): Job;
  /** Ends an export, of which the complete files stay. False if the job is of another type or has ended. */
  cancel(id: string, by: string): boolean;
  /** Since the start. */
  exported(): { readings: number; failures: number };
  /** In order of creation. */
  all(): readonly Job[];
  get(id: string): Job | undefined;
}

export interface JobsOptions {
  clock: Clock;
  log: Logger;
  /** Carries out a job; resolves at its end. */
  run(job: ArchiveJob, progress: (progress: JobProgress) => void): Promise<void>;
  /** Carries out an export; resolves at its end, and rejects with the reason of `signal` if that ends it. */
  runExport(spec: ExportSpec, progress: (progress: ExportProgress) => void, signal: AbortSignal): Promise<void>;
  /** Called before a device's readings are removed from the day files: moves them all there, and accepts no more of them. */
  beforeErase(device: DeviceIdentity): Promise<void>;
  /** Called after that: removes the device from the log and the quarantine, and stores that the erasure is done. */
  afterErase(device: DeviceIdentity): Promise<void>;
  schedule(delayMs: number, run: () => void): void;
}

export function createJobs(options: JobsOptions): Jobs {
  const { clock, log } = options;
  const jobs: Job[] = [];
  /** Of the exports that have not ended. */
  const cancels = new Map<string, AbortController>();
  const exported = { readings: 0, failures: 0 };

  function add(type: Job['type'], subject: string): Job {
    const job: Job = {
      id: uuidv7(),
      type,
      subject,
      state: 'waiting',
      filesDone: 0,
      filesTotal: 0,
      bytes: 0,
      readings: 0,
      damaged: 0,
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

  function exportTo(spec: ExportSpec): Job {
    const job = add('export', spec.folder);
    const cancel = new AbortController();
    cancels.set(job.id, cancel);
    const progress = ({ done, total, bytes, readings, damaged }: ExportProgress): void => {
      exported.readings += readings - job.readings;
      Object.assign(job, { state: 'running', filesDone: done, filesTotal: total, bytes, readings, damaged });
    };
    const ended = (error: Error | null): void => {
      cancels.delete(job.id);
      if (error !== null && !cancel.signal.aborted) exported.failures++;
      if (job.damaged > 0)
        log.warn(
          { job: job.id, parts: job.damaged },
          'an export left damaged parts out; tidegate doctor --all names them',
        );
    };
    return follow(job, () => options.runExport(spec, progress, cancel.signal), ended);
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
    const { id, type, subject, filesDone, bytes, readings, createdAt } = job;
    const facts = { job: id, subject, files: filesDone, bytes, readings, ms: endedAt - createdAt };
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
    exportTo,
    cancel(id, by) {
      const cancel = cancels.get(id);
      cancel?.abort(new Error(`it was cancelled by ${by}; files of complete days stay`));
      return cancel !== undefined;
    },
    exported: () => exported,
    all: () => jobs,
    get: (id) => jobs.find((job) => job.id === id),
  };
}
