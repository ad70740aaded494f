import { codeOf, errorOf } from '../../../schemas/errors.js';
import type { DamagedDay } from '../../domain/storedFiles.js';
import { dayOf, lastExpiredDay } from '../dayFiles/days.js';
import { readingsPerSlice } from '../dayFiles/repack.js';
import type { ArchiveJob, JobProgress, Sealed, UpkeepStep } from '../threads/archiving.js';
import type { ArchiverCalls, WriterCalls } from '../threads/calls.js';
import type { Pacer } from '../threads/pace.js';
import type { Caller } from '../threads/thread.js';
import { Backlog } from './backlog.js';
import { JobQueue } from './jobQueue.js';

/** Commits wait if the log has the readings of this many seals. Then the devices' windows slow the devices down. */
const backlogFactor = 4;
/** If the log has the readings of more seals than this, the archiver does not rest. */
const behindFactor = 2;
const tickMs = 1_000;
const upkeepEveryMs = 60_000;
const retryMs = 5_000;

export interface ScheduleOptions {
  writer: Caller<WriterCalls>;
  archiver: Caller<ArchiverCalls>;
  pacer: Pacer;
  /** Unix ms. */
  now(): number;
  /** Readings after which a seal is due. */
  sealReadings: number;
  /** Time after which a seal is due if there are rows to seal. */
  sealIntervalMs: number;
  /** The state of the log when the store is opened. */
  restored: { position: number; sealedPosition: number; replayedReadings: number };
  /** Whether the clock can be trusted to remove data that is too old. */
  retentionAllowed(): boolean;
  retentionDays: number;
  /** The days of which a file cannot be used are others now, or have other readings that wait. */
  damaged(days: DamagedDay[]): void;
  sealed(sealed: Omit<Sealed, 'fold'>): void;
  worked(step: UpkeepStep): void;
  failed(error: Error, what: string): void;
}

/**
 * Decides what the archiver does next. It does one thing at a time. A seal that is due goes first, but between two seals as many
 * readings may be merged as the seal stored, so that runs are merged as fast as they arrive at any rate.
 */
export class ArchiveSchedule {
  readonly #options: ScheduleOptions;
  readonly #backlog: Backlog;
  readonly #jobs: JobQueue;
  readonly #timer: NodeJS.Timeout;
  readonly #erased = new Set<number>();
  /** The seal that is not folded and cut yet. If a write fails in between, the rows need not be sealed again. */
  #pending: Sealed | null = null;
  #lastSealAt: number;
  /** No seal starts before this time, because one has failed. */
  #retryAt = 0;
  /** Upkeep is due from this time on. */
  #upkeepAt = 0;
  /** The time at the last wake. */
  #wokenAt = 0;
  #running: Promise<void> | null = null;
  #damagedDays: DamagedDay[] = [];
  /** The day up to which the writer has noted that readings may be removed. */
  #expiredDay = 0;
  #closing = false;

  constructor(options: ScheduleOptions) {
    this.#options = options;
    this.#backlog = new Backlog(options.restored, backlogFactor * options.sealReadings);
    this.#jobs = new JobQueue(options.archiver, options.now);
    this.#lastSealAt = options.now();
    this.#timer = setInterval(() => this.#wake(), tickMs);
    this.#timer.unref();
  }

  /** To be called after each commit. */
  committed(position: number, readings: number): void {
    this.#backlog.committed(position, readings);
    if (this.#isBehind()) this.#options.pacer.hurry();
    if (this.#backlog.unsealedReadings >= this.#options.sealReadings) this.#wake();
  }

  /** Null if the log has room for another commit, else a promise that resolves when it has. */
  room(): Promise<void> | null {
    return this.#backlog.untilRoom();
  }

  /** Seals everything that was committed before this call. */
  seal(): Promise<void> {
    if (this.#backlog.isEmpty) return Promise.resolve();
    this.#retryAt = 0;
    this.#options.pacer.hurry();
    const sealed = this.#backlog.untilSealed();
    this.#wake();
    return sealed;
  }

  /** Runs a job after the jobs before it. Calls `progress` after each slice. */
  run(job: ArchiveJob, progress: (progress: JobProgress) => void): Promise<void> {
    const done = this.#jobs.add(job, progress);
    this.#options.pacer.hurry();
    this.#wake();
    return done;
  }

  /** From now on no reading of the device with this key is sealed. */
  leaveOut(deviceKey: number): void {
    this.#erased.add(deviceKey);
  }

  /** The days of which a file cannot be used, as far as it is known. */
  damagedDays(): readonly DamagedDay[] {
    return this.#damagedDays;
  }

  /** Asks the archiver which days cannot be used. To be called once before the store is used. */
  async lookForDamage(): Promise<void> {
    const days = await this.#options.archiver.call('damagedDays', []);
    const isSame = JSON.stringify(days) === JSON.stringify(this.#damagedDays);
    this.#damagedDays = days;
    if (!isSame) this.#options.damaged(days);
  }

  unsealedReadings(): number {
    return this.#backlog.unsealedReadings;
  }

  /** Does all work that is due now. Resolves when no work is left. */
  async idle(): Promise<void> {
    this.#options.pacer.hurry();
    this.#upkeepAt = 0;
    while (this.#running !== null) await this.#running;
    this.#upkeepAt = 0;
    this.#wake();
    while (this.#running !== null) await this.#running;
  }

  /** Waits for the current slice, and rejects all work that has not ended after it. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#options.pacer.hurry();
    clearInterval(this.#timer);
    this.#backlog.giveRoom();
    await this.#running;
    const error = new Error('the store is closing');
    this.#backlog.rejectAll(error);
    this.#jobs.rejectAll(error);
  }

  #isBehind(): boolean {
    return this.#backlog.unsealedReadings >= behindFactor * this.#options.sealReadings;
  }

  #isSealDue(): boolean {
    const { now, sealReadings, sealIntervalMs } = this.#options;
    if (this.#backlog.isEmpty || now() < this.#retryAt) return false;
    if (this.#backlog.unsealedReadings >= sealReadings || this.#backlog.isWanted) return true;
    return now() - this.#lastSealAt >= sealIntervalMs;
  }

  #wake(): void {
    this.#lookAtClock();
    if (this.#running !== null || this.#closing) return;
    if (!this.#isSealDue() && this.#jobs.isEmpty && this.#options.now() < this.#upkeepAt) return;
    this.#running = this.#work();
  }

  /** Times that were set under a clock that has gone back would postpone all work until it has caught up. */
  #lookAtClock(): void {
    const now = this.#options.now();
    if (now < this.#wokenAt) {
      this.#lastSealAt = Math.min(this.#lastSealAt, now);
      this.#retryAt = Math.min(this.#retryAt, now);
      this.#upkeepAt = Math.min(this.#upkeepAt, now);
    }
    this.#wokenAt = now;
  }

  /** Works until no work is due. It ends in the turn in which it finds that out, so that a later request starts it again. */
  async #work(): Promise<void> {
    try {
      while (!this.#closing) {
        if (this.#isSealDue()) await this.#trySeal();
        else if (!(await this.#workBesides()) && !this.#isSealDue()) return;
      }
    } finally {
      this.#running = null;
    }
  }

  async #trySeal(): Promise<void> {
    const { failed, now } = this.#options;
    const waited = this.#backlog.sealWaiters();
    try {
      await this.#seal();
    } catch (error) {
      failed(errorOf(error), 'seal');
      this.#retryAt = now() + retryMs;
      // Callers that have asked since then get another try.
      if (this.#backlog.sealFailed(waited, errorOf(error))) this.#retryAt = 0;
    }
  }

  /** Merges while the writer stores the fold of a seal. */
  async #seal(): Promise<void> {
    const { archiver, now, pacer, sealReadings } = this.#options;
    if (!this.#backlog.isWanted) pacer.spread(this.#fillTimeMs());
    this.#lastSealAt = now();
    this.#backlog.sealBegins();
    this.#pending ??= await archiver.call('seal', [
      { readingsMax: sealReadings, erased: [...this.#erased], now: now() },
    ]);
    await this.lookForDamage();
    this.#upkeepAt = 0;
    const slices = 1 + Math.ceil(this.#pending.readings / readingsPerSlice);
    const [kept] = await Promise.allSettled([this.#keep(this.#pending), this.#workSlices(slices)]);
    if (kept.status === 'rejected') throw kept.reason;
  }

  /** The ms in which as many readings arrived as one seal takes. 0 if the archiver is behind. */
  #fillTimeMs(): number {
    const { now, sealReadings } = this.#options;
    if (this.#isBehind()) return 0;
    return (now() - this.#lastSealAt) * Math.min(1, sealReadings / Math.max(1, this.#backlog.arrivedReadings));
  }

  /** Folds and cuts the sealed rows. */
  async #keep({ fold, ...sealed }: Sealed): Promise<void> {
    const { writer, pacer } = this.#options;
    for (const part of fold) await writer.call('fold', [part]);
    while (!(await writer.call('cut', [sealed.position]))) {
      // The next slice.
    }
    this.#pending = null;
    pacer.worked(sealed.ms - sealed.restedMs);
    this.#options.sealed(sealed);
    this.#backlog.sealed(sealed.position, sealed.readings);
  }

  async #workSlices(slices: number): Promise<void> {
    for (let slice = 0; slice < slices && !this.#closing; slice++) if (!(await this.#workBesides())) return;
  }

  /** Runs a slice of the current job, else of upkeep. False if there was no work. */
  async #workBesides(): Promise<boolean> {
    if (!this.#jobs.isEmpty) {
      await this.#jobs.step();
      return true;
    }
    const { archiver, now } = this.#options;
    if (now() < this.#upkeepAt) return false;
    try {
      const step = await archiver.call('upkeep', [{ now: now(), retention: await this.#mayRemove() }]);
      if (step !== null) {
        this.#options.pacer.worked(step.ms);
        this.#options.worked(step);
        return true;
      }
      await this.lookForDamage();
    } catch (error) {
      this.#options.failed(errorOf(error), 'upkeep');
      // The archiver postpones a day that cannot be used. Other days may have work.
      if (codeOf(error) === 'DAY_FILE') return true;
    }
    this.#upkeepAt = now() + upkeepEveryMs;
    return false;
  }

  /** Whether old readings may be removed. Before the first of a day are, it is noted on disk that their absence is no damage. */
  async #mayRemove(): Promise<boolean> {
    const { now, retentionAllowed, retentionDays, writer } = this.#options;
    if (!retentionAllowed()) return false;
    const day = lastExpiredDay(dayOf(now()), retentionDays);
    if (day > this.#expiredDay) await writer.call('noteExpired', [day]);
    this.#expiredDay = Math.max(this.#expiredDay, day);
    return true;
  }
}
