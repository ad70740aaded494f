import { dirname } from 'node:path';
import { errorOf } from '../../../schemas/errors.js';
import { isDamage, isOfDisk, NoDayFileError } from '../dayFiles/damage.js';
import { openDayForReading } from '../dayFiles/dayFile.js';
import {
  type DayFiles,
  dayMs,
  dayOf,
  dayPath,
  dayText,
  lastExpiredDay,
  listDays,
  pathsOf,
  removeDatabase,
} from '../dayFiles/days.js';
import { readRuns } from '../dayFiles/dayTables.js';
import { type DayWriterPool, isMissing } from '../dayFiles/dayWriterPool.js';
import { finishDay, isFinished } from '../dayFiles/finishedDay.js';
import { healDay } from '../dayFiles/healDay.js';
import { mergeRuns, mergeRunsCount, runsToMerge } from '../dayFiles/merge.js';
import { rollupOf } from '../dayFiles/rollup.js';
import { openMeta } from '../sqlite/meta.js';
import { columnStatement } from '../sqlite/statement.js';
import { syncPath } from '../sqlite/syncPath.js';
import type { UpkeepStep } from '../threads/archiving.js';
import type { Troubles } from './troubles.js';

/** If a day could not be finished because a query had its file open, it is tried again after this time. */
const retryMs = 60_000;

export interface UpkeepOptions {
  folder: string;
  days: DayWriterPool;
  troubles: Troubles;
  /** The last day whose readings may have been removed for their age. */
  expiredDay(): number;
  retentionDays: number;
  rollupRetentionDays: number;
  /** A day is finished if it is over and no reading was sealed into it for this time. */
  finishAfterMs: number;
}

interface Task {
  name: UpkeepStep['task'];
  day: number;
  /** Returns whether the task succeeded. If not, it is tried again later. */
  steps: Generator<void, boolean>;
}

/**
 * The work on day files beside sealing: merging runs, finishing days, removing old data. It does one task at a time and one slice per
 * call, so that a seal never waits for more than a slice. All times are Unix ms.
 */
export class Upkeep {
  readonly #options: UpkeepOptions;
  /** The time of the next check per day. A day without work is absent until readings are sealed into it. */
  readonly #due = new Map<number, number>();
  /** The time of the last step. */
  #steppedAt = 0;
  #task: Task | null = null;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    for (const { day } of listDays(options.folder)) this.#due.set(day, 0);
  }

  /** Opens every file once, to know from the start which day cannot be used. */
  lookAtAll(now: number): void {
    for (const files of listDays(this.#options.folder)) {
      try {
        for (const path of pathsOf(files)) openDayForReading(path).close();
        this.#refuseMissing(files);
      } catch (error) {
        if (!isDamage(error)) throw error;
        this.#options.troubles.note(files.day, error, now);
      }
    }
  }

  /** To be called before a seal writes into the day. It drops the unfinished work on the day. */
  touched(day: number, now: number): void {
    if (this.#task?.day === day && this.#task.name === 'finish') this.giveUp();
    this.#due.set(day, now);
  }

  /** Ends the current task, if there is one. It starts again from the beginning later. */
  giveUp(): void {
    const day = this.#task?.day;
    this.#task?.steps.return(false);
    this.#task = null;
    if (day !== undefined) this.#options.days.unpin(day);
  }

  /** Runs one slice of the work that is due, or returns null if none is. `retention` says whether old data may be removed. */
  step(now: number, retention: boolean): UpkeepStep | null {
    // If the clock has gone back, every day is looked at again.
    if (now < this.#steppedAt) for (const day of this.#due.keys()) this.#due.set(day, 0);
    this.#steppedAt = now;
    const started = performance.now();
    this.#task ??= this.#next(now, retention);
    if (this.#task === null) return null;
    const { name, day, steps } = this.#task;
    try {
      const { done = false, value } = steps.next();
      if (done) {
        this.giveUp();
        this.#due.set(day, value === false ? now + retryMs : now);
        if (value) this.#clear(day);
      }
      return { task: name, day: dayText(day), ms: performance.now() - started, done };
    } catch (error) {
      this.giveUp();
      throw this.#failed(day, now, errorOf(error));
    }
  }

  /** Postpones the work on the day, for longer if a file is damaged. */
  #failed(day: number, now: number, error: Error): Error {
    const { days, troubles } = this.#options;
    days.close(day);
    this.#due.set(day, now + retryMs);
    if (isOfDisk(error) || (!isDamage(error) && !days.isAside(day))) return error;
    const named = troubles.note(day, error, now);
    this.#due.set(day, troubles.retryAt(day));
    return named;
  }

  /** No reading waits for the day, and its files could be used. */
  #clear(day: number): void {
    if (!this.#options.days.isAside(day)) this.#options.troubles.clear(day);
  }

  /** The day has lost the file of its readings, which were not removed for their age. */
  #refuseMissing({ day }: DayFiles): void {
    const { folder, expiredDay } = this.#options;
    if (!isMissing(folder, day) || day <= expiredDay()) return;
    throw new NoDayFileError(dayPath(folder, day, 'readings'), 'it is missing');
  }

  #next(now: number, retention: boolean): Task | null {
    const listed = new Map(listDays(this.#options.folder).map((files) => [files.day, files]));
    if (retention) {
      const expired = this.#nextExpired([...listed.values()], now);
      if (expired !== null) return expired;
    }
    for (const day of this.#options.troubles.days())
      if (this.#options.troubles.isDue(day, now)) this.#due.set(day, Math.min(now, this.#due.get(day) ?? now));
    for (const [day, at] of [...this.#due].sort((a, b) => b[0] - a[0])) {
      if (at > now) continue;
      const files = listed.get(day);
      const found = files === undefined ? null : this.#orFail(day, now, () => this.#taskFor(files, now));
      if (found !== null && 'steps' in found) return found;
      if (found === null) this.#due.delete(day);
      else this.#due.set(day, found.at);
      this.#clear(day);
    }
    return null;
  }

  #orFail<Result>(day: number, now: number, look: () => Result): Result {
    try {
      return look();
    } catch (error) {
      throw this.#failed(day, now, errorOf(error));
    }
  }

  /** The task for the day's files, or the time to check them again, or null for never. */
  #taskFor(files: DayFiles, now: number): Task | { at: number } | null {
    const { day, readings, late, rollup, aside } = files;
    if (aside !== null) return this.#taskOfAside(files, now);
    this.#refuseMissing(files);
    if (readings === null) return null;
    const over = now >= (day + 1) * dayMs;
    const live = late ?? (isFinished(readings) ? null : readings);
    if (live === null) return rollup !== null && isRollupOf(rollup, readings) ? null : this.#finish(day);
    const { runs, sealedAt } = stateOf(live);
    // A seal under a clock that was ahead must not keep the day from being finished until then.
    const quietSince = sealedAt > now ? 0 : sealedAt;
    const quietAt = Math.max((day + 1) * dayMs, quietSince) + this.#options.finishAfterMs;
    if (over && now >= quietAt && runs <= mergeRunsCount) return this.#finish(day);
    const writer = this.#options.days.of(day);
    const sources = runsToMerge(writer.runs) ?? (runs > mergeRunsCount && over && now >= quietAt ? writer.runs : null);
    if (sources === null) return { at: quietAt };
    this.#options.days.pin(day);
    return { name: 'merge', day, steps: whole(mergeRuns(writer, sources)) };
  }

  /** The day heals if it may be usable again. Else its aside file is kept up as a live one is. */
  #taskOfAside(files: DayFiles, now: number): Task | { at: number } {
    const { folder, days, troubles } = this.#options;
    const { day } = files;
    if (!isMissing(folder, day)) {
      days.close(day);
      if (troubles.isDue(day, now)) return { name: 'heal', day, steps: healDay(folder, day, days, now) };
    } else if (troubles.isDue(day, now)) this.#noteMissing(files, now);
    const writer = days.of(day);
    const sources = runsToMerge(writer.runs);
    if (sources === null) return { at: Math.max(now + retryMs, troubles.retryAt(day)) };
    days.pin(day);
    return { name: 'merge', day, steps: whole(mergeRuns(writer, sources)) };
  }

  #noteMissing(files: DayFiles, now: number): void {
    try {
      this.#refuseMissing(files);
    } catch (error) {
      this.#options.troubles.note(files.day, error, now);
    }
  }

  #finish(day: number): Task {
    const { folder, days } = this.#options;
    const closeFiles = (): void => days.close(day);
    closeFiles();
    return { name: 'finish', day, steps: finishDay({ folder, day, takesLate: true, closeFiles }) };
  }

  /** Readings are removed at the age at which they would be refused, and rollups after their own retention. */
  #nextExpired(all: DayFiles[], now: number): Task | null {
    const { retentionDays, rollupRetentionDays } = this.#options;
    const endsBefore = (keptDays: number): number => lastExpiredDay(dayOf(now), keptDays);
    for (const { day, readings, late, rollup, aside } of all) {
      if (day > endsBefore(retentionDays)) return null;
      const gone = day <= endsBefore(Math.max(rollupRetentionDays, retentionDays));
      // What waits aside must be moved into the day first.
      const waits = aside !== null && readings !== null;
      if (!gone && (waits || (this.#due.get(day) ?? 0) > now)) continue;
      const rolledUp =
        gone ||
        readings === null ||
        this.#orFail(day, now, () => late === null && rollup !== null && isRollupOf(rollup, readings));
      // The rollup must be made first.
      if (!rolledUp) return this.#finish(day);
      const paths = [readings, late, aside, gone ? rollup : null].filter((path) => path !== null);
      if (paths.length > 0) return { name: 'expire', day, steps: this.#expire(day, paths) };
    }
    return null;
  }

  *#expire(day: number, paths: string[]): Generator<void, boolean> {
    this.#options.days.close(day);
    for (const path of paths) {
      removeDatabase(path);
      yield;
    }
    syncPath(dirname(paths[0]));
    this.#due.delete(day);
    this.#options.troubles.clear(day);
    return true;
  }
}

function* whole(steps: Generator<void>): Generator<void, boolean> {
  yield* steps;
  return true;
}

function stateOf(path: string): { runs: number; sealedAt: number } {
  const db = openDayForReading(path);
  try {
    const sealedAt = columnStatement<number | null>(db, 'SELECT max(sealed_at) FROM runs').get();
    return { runs: readRuns(db).length, sealedAt: sealedAt ?? 0 };
  } finally {
    db.close();
  }
}

/** False if the rollup was made from an earlier version of the day file, or if the day is not finished. */
export function isRollupOf(rollup: string, dayFile: string): boolean {
  const db = openDayForReading(dayFile);
  try {
    const token = openMeta(db).text('finished');
    return token !== null && rollupOf(rollup) === token;
  } finally {
    db.close();
  }
}
