import { copySliceRows } from '../dayFiles/runCopy.js';
import type { ArchiveJob, ArchiverCalls, JobProgress, Sealed, UpkeepStep, WriterCalls } from '../threads/calls.js';
import type { createPacer } from '../threads/pace.js';
import type { Caller } from '../threads/thread.js';

/** Readings in the log, in seals, beyond which commits wait for the archiver: the devices' windows slow them down. */
const backlogFactor = 4;
/** Beyond this many seals the archiver does not rest. */
const behindFactor = 2;
const tickMs = 1_000;
const upkeepEveryMs = 60_000;
const retryMs = 5_000;

export interface ArchiveOptions {
  writer: Caller<WriterCalls>;
  archiver: Caller<ArchiverCalls>;
  pacer: ReturnType<typeof createPacer>;
  /** Unix ms. */
  now(): number;
  sealReadings: number;
  sealIntervalMs: number;
  /** What is in the log when the store is opened. */
  restored: { position: number; sealedPosition: number; replayedReadings: number };
  /** Removing data that is too old waits for a clock that can be believed. */
  retentionAllowed(): boolean;
  sealed(sealed: Omit<Sealed, 'fold'>): void;
  worked(step: UpkeepStep): void;
  failed(error: Error, what: string): void;
}

export type Archive = ReturnType<typeof createArchive>;

interface QueuedJob {
  job: ArchiveJob;
  progress(progress: JobProgress): void;
  resolve(): void;
  reject(error: Error): void;
}

/**
 * When the archiver does what. One thing at a time: a seal that is due goes first, but between two seals as many readings may
 * be merged as the seal brought, so that runs leave as fast as they come, whatever the rate.
 */
export function createArchive(options: ArchiveOptions) {
  const { writer, archiver, pacer, now, sealReadings, restored } = options;
  let { position, sealedPosition, replayedReadings: unsealed } = restored;
  /** Readings since the last seal began. */
  let arrived = 0;
  /** A seal up to this position was asked for. */
  let wanted = 0;
  let lastSealAt = now();
  let retryAt = 0;
  let upkeepAt = 0;
  let running: Promise<void> | null = null;
  let closing = false;
  /** Sealed, but not yet folded and cut: a failed write in between is not a reason to seal again. */
  let pending: Sealed | null = null;
  const erased = new Set<number>();
  const jobs: QueuedJob[] = [];
  let activeJob: QueuedJob | null = null;
  const sealWaiters: { position: number; resolve(): void; reject(error: Error): void }[] = [];
  const roomWaiters: (() => void)[] = [];
  const timer = setInterval(wake, tickMs);
  timer.unref();

  const sealDue = (): boolean =>
    position > sealedPosition &&
    now() >= retryAt &&
    (unsealed >= sealReadings || wanted > sealedPosition || now() - lastSealAt >= options.sealIntervalMs);

  function wake(): void {
    if (running !== null || closing) return;
    if (!sealDue() && jobs.length === 0 && activeJob === null && now() < upkeepAt) return;
    running = work().finally(() => {
      running = null;
    });
  }

  async function work(): Promise<void> {
    while (!closing) {
      if (!sealDue()) {
        if (!(await workBesides()) && !sealDue()) return;
        continue;
      }
      const asked = new Set(sealWaiters);
      try {
        await sealOnce();
      } catch (error) {
        options.failed(error as Error, 'seal');
        // Who asked since then may find that the trouble is over.
        const later = sealWaiters.splice(0).filter((waiter) => !asked.has(waiter));
        sealWaiters.push(...later);
        retryAt = later.length > 0 ? 0 : now() + retryMs;
        for (const waiter of asked) waiter.reject(error as Error);
      }
    }
  }

  /** While the writer keeps what a seal leaves behind, the archiver has time to merge. */
  async function sealOnce(): Promise<void> {
    if (wanted <= sealedPosition) pacer.spread(fillTimeMs());
    lastSealAt = now();
    arrived = 0;
    pending ??= await archiver.call('seal', [{ readingsMax: sealReadings, erased: [...erased], now: now() }]);
    upkeepAt = 0;
    const slices = 1 + Math.ceil(pending.readings / copySliceRows);
    const [kept] = await Promise.allSettled([keep(pending), workSlices(slices)]);
    if (kept.status === 'rejected') throw kept.reason;
  }

  /** Ms in which as much as is sealed at once came in; 0: the archiver is behind. */
  function fillTimeMs(): number {
    if (unsealed >= behindFactor * sealReadings) return 0;
    return (now() - lastSealAt) * Math.min(1, sealReadings / Math.max(1, arrived));
  }

  async function workSlices(slices: number): Promise<void> {
    for (let slice = 0; slice < slices && !closing; slice++) if (!(await workBesides())) return;
  }

  /** Folds and cuts the sealed rows. */
  async function keep({ fold, ...sealed }: Sealed): Promise<void> {
    for (const part of fold) await writer.call('fold', [part]);
    while (!(await writer.call('cut', [sealed.position]))) {
      // The next slice.
    }
    pending = null;
    sealedPosition = Math.max(sealedPosition, sealed.position);
    unsealed = Math.max(0, unsealed - sealed.readings);
    pacer.worked(sealed.ms - sealed.restedMs);
    options.sealed(sealed);
    settle();
  }

  function settle(): void {
    for (let i = sealWaiters.length - 1; i >= 0; i--)
      if (sealWaiters[i].position <= sealedPosition) sealWaiters.splice(i, 1)[0].resolve();
    if (hasRoom()) for (const resolve of roomWaiters.splice(0)) resolve();
  }

  /** A slice of the job at hand, else of upkeep. False when there was nothing to do. */
  async function workBesides(): Promise<boolean> {
    if (activeJob !== null || jobs.length > 0) return stepJob();
    if (now() < upkeepAt) return false;
    try {
      const step = await archiver.call('upkeep', [{ now: now(), retention: options.retentionAllowed() }]);
      if (step !== null) {
        pacer.worked(step.ms);
        options.worked(step);
        return true;
      }
    } catch (error) {
      options.failed(error as Error, 'upkeep');
    }
    upkeepAt = now() + upkeepEveryMs;
    return false;
  }

  async function stepJob(): Promise<boolean> {
    try {
      if (activeJob === null) {
        activeJob = jobs.shift() as QueuedJob;
        await archiver.call('begin', [activeJob.job]);
      }
      const progress = await archiver.call('step', [now()]);
      activeJob.progress(progress);
      if (progress.finished) {
        activeJob.resolve();
        activeJob = null;
      }
    } catch (error) {
      activeJob?.reject(error as Error);
      activeJob = null;
    }
    return true;
  }

  const hasRoom = (): boolean => unsealed < backlogFactor * sealReadings;

  return {
    /** To be called after each commit. */
    committed(at: number, readings: number): void {
      position = at;
      unsealed += readings;
      arrived += readings;
      if (unsealed >= behindFactor * sealReadings) pacer.hurry();
      if (unsealed >= sealReadings) wake();
    },
    /** Resolves once the log has room for another commit. */
    room: (): Promise<void> | null => (hasRoom() ? null : new Promise((resolve) => roomWaiters.push(resolve))),
    /** Brings everything that is committed by now into the day files. */
    seal(): Promise<void> {
      if (position <= sealedPosition) return Promise.resolve();
      wanted = position;
      retryAt = 0;
      pacer.hurry();
      const sealed = new Promise<void>((resolve, reject) => sealWaiters.push({ position, resolve, reject }));
      wake();
      return sealed;
    },
    /** Runs after the jobs before it; `progress` is told after each slice. */
    run(job: ArchiveJob, progress: (progress: JobProgress) => void): Promise<void> {
      const done = new Promise<void>((resolve, reject) => jobs.push({ job, progress, resolve, reject }));
      pacer.hurry();
      wake();
      return done;
    },
    /** From now on no reading of the device with this key is sealed. */
    leaveOut: (deviceKey: number): void => void erased.add(deviceKey),
    unsealedReadings: (): number => unsealed,
    /** Does what is due by now; resolves when there is nothing left to do. */
    async idle(): Promise<void> {
      pacer.hurry();
      upkeepAt = 0;
      while (running !== null) await running;
      upkeepAt = 0;
      wake();
      while (running !== null) await running;
    },
    async close(): Promise<void> {
      closing = true;
      pacer.hurry();
      clearInterval(timer);
      for (const resolve of roomWaiters.splice(0)) resolve();
      await running;
      const error = new Error('the store is closing');
      for (const waiter of [...sealWaiters.splice(0), ...jobs.splice(0)]) waiter.reject(error);
      activeJob?.reject(error);
    },
  };
}
