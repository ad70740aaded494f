import { errorOf } from '../../../schemas/errors.js';
import type { ArchiveJob, JobProgress } from '../threads/archiving.js';
import type { ArchiverCalls } from '../threads/calls.js';
import type { Caller } from '../threads/thread.js';

interface QueuedJob {
  job: ArchiveJob;
  progress(progress: JobProgress): void;
  resolve(): void;
  reject(error: Error): void;
}

/** Runs the jobs that operators asked for, one after another. */
export class JobQueue {
  readonly #archiver: Caller<ArchiverCalls>;
  readonly #now: () => number;
  readonly #waiting: QueuedJob[] = [];
  #active: QueuedJob | null = null;

  constructor(archiver: Caller<ArchiverCalls>, now: () => number) {
    this.#archiver = archiver;
    this.#now = now;
  }

  get isEmpty(): boolean {
    return this.#active === null && this.#waiting.length === 0;
  }

  /** Resolves when the job has ended. Calls `progress` after each slice. */
  add(job: ArchiveJob, progress: (progress: JobProgress) => void): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ job, progress, resolve, reject }));
  }

  /** Runs one slice of the current job, or of the next one. A job that fails is rejected and removed. */
  async step(): Promise<void> {
    const queued = this.#active ?? this.#waiting.shift();
    if (queued === undefined) return;
    const isNew = this.#active === null;
    this.#active = queued;
    try {
      if (isNew) await this.#archiver.call('begin', [queued.job]);
      const progress = await this.#archiver.call('step', [this.#now()]);
      queued.progress(progress);
      if (!progress.finished) return;
      queued.resolve();
    } catch (error) {
      queued.reject(errorOf(error));
    }
    this.#active = null;
  }

  /** Rejects the current job and all that wait. */
  rejectAll(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    this.#active?.reject(error);
  }
}
