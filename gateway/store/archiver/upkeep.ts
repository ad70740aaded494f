import { dirname } from 'node:path';
import { DayFileError, isDamage } from '../dayFiles/damage.js';
import { openDayForReading, readRuns } from '../dayFiles/dayFile.js';
import { type DayFiles, dayMs, dayOf, dayText, listDays } from '../dayFiles/days.js';
import type { DayWriters } from '../dayFiles/dayWriters.js';
import { finishDay, isFinished, removeDatabase } from '../dayFiles/finishedDay.js';
import { mergeRuns, mergeRunsCount, runsToMerge } from '../dayFiles/merge.js';
import { rollupOf } from '../dayFiles/rollup.js';
import { openMeta } from '../sqlite/meta.js';
import { syncPath } from '../sqlite/syncPath.js';
import type { UpkeepStep } from '../threads/calls.js';

/** A day that could not be finished, since someone had its file open, is tried again after this. */
const retryMs = 60_000;

const damagedRetryMs = 3_600_000;

export interface UpkeepOptions {
  folder: string;
  days: DayWriters;
  retentionDays: number;
  rollupRetentionDays: number;
  /** A day is finished when it is over and nothing was sealed into it for so long. */
  finishAfterMs: number;
}

interface Task {
  name: UpkeepStep['task'];
  day: number;
  steps: Generator<void, boolean>;
}

/**
 * What is done to day files beside sealing: merging runs, finishing days, removing what is too old. One task at a time, a
 * slice a call, so that a seal never waits for more than a slice.
 */
export function createUpkeep({ folder, days, retentionDays, rollupRetentionDays, finishAfterMs }: UpkeepOptions) {
  let task: Task | null = null;
  /** By day: when its files need looking at again. A day with nothing to do stays out until something is sealed into it. */
  const due = new Map<number, number>();
  for (const { day } of listDays(folder)) due.set(day, 0);

  /** To be called before a seal writes into the day: what is half done to its file is given up. */
  function touched(day: number, now: number): void {
    if (task?.day === day && task.name === 'finish') giveUp();
    due.set(day, now);
  }

  function giveUp(): void {
    const day = task?.day;
    task?.steps.return(false);
    task = null;
    if (day !== undefined) days.unpin(day);
  }

  function step(now: number, retention: boolean): UpkeepStep | null {
    const started = performance.now();
    task ??= next(now, retention);
    if (task === null) return null;
    const { name, day, steps } = task;
    try {
      const { done = false, value } = steps.next();
      if (done) {
        giveUp();
        if (value === false) due.set(day, now + retryMs);
        else due.set(day, now);
      }
      return { task: name, day: dayText(day), ms: performance.now() - started, done };
    } catch (error) {
      giveUp();
      throw failed(day, now, error as Error);
    }
  }

  /** The day is left alone for a while; a damaged file is no better after a minute. */
  function failed(day: number, now: number, error: Error): Error {
    days.close(day);
    due.set(day, now + (isDamage(error) ? damagedRetryMs : retryMs));
    return isDamage(error) ? new DayFileError(day, error) : error;
  }

  function next(now: number, retention: boolean): Task | null {
    const listed = new Map(listDays(folder).map((files) => [files.day, files]));
    if (retention) {
      const expired = nextExpired([...listed.values()], now);
      if (expired !== null) return expired;
    }
    for (const [day, at] of [...due].sort((a, b) => b[0] - a[0])) {
      if (at > now) continue;
      const files = listed.get(day);
      const found = files === undefined ? null : orFail(day, now, () => taskFor(files, now));
      if (found !== null && 'steps' in found) return found;
      if (found === null) due.delete(day);
      else due.set(day, found.at);
    }
    return null;
  }

  function orFail<Result>(day: number, now: number, look: () => Result): Result {
    try {
      return look();
    } catch (error) {
      throw failed(day, now, error as Error);
    }
  }

  /** What is to be done to the day's files now, or when to look again, or null for never. */
  function taskFor({ day, readings, late, rollup }: DayFiles, now: number): Task | { at: number } | null {
    if (readings === null) return null;
    const over = now >= (day + 1) * dayMs;
    const live = late ?? (isFinished(readings) ? null : readings);
    if (live === null) return rollup !== null && isRollupOf(rollup, readings) ? null : finish(day);
    const { runs, sealedAt } = stateOf(live);
    const quietAt = Math.max((day + 1) * dayMs, sealedAt) + finishAfterMs;
    if (over && now >= quietAt && runs <= mergeRunsCount) return finish(day);
    const writer = days.of(day);
    const sources =
      runsToMerge(writer.runs()) ?? (runs > mergeRunsCount && over && now >= quietAt ? writer.runs() : null);
    if (sources === null) return { at: quietAt };
    days.pin(day);
    return { name: 'merge', day, steps: whole(mergeRuns(writer, sources)) };
  }

  function finish(day: number): Task {
    days.close(day);
    return { name: 'finish', day, steps: finishDay({ folder, day, takesLate: true, letGo: () => days.close(day) }) };
  }

  /** Readings leave a day after the age at which they would be refused; aggregates when their own time is over. */
  function nextExpired(all: DayFiles[], now: number): Task | null {
    const endsBefore = (keptDays: number) => dayOf(now) - keptDays - 2;
    for (const { day, readings, late, rollup } of all) {
      if (day > endsBefore(retentionDays)) return null;
      const gone = day <= endsBefore(Math.max(rollupRetentionDays, retentionDays));
      if (!gone && (due.get(day) ?? 0) > now) continue;
      const rolledUp =
        gone ||
        readings === null ||
        orFail(day, now, () => late === null && rollup !== null && isRollupOf(rollup, readings));
      // Its aggregates must be made first.
      if (!rolledUp) return finish(day);
      const paths = [readings, late, gone ? rollup : null].filter((path) => path !== null);
      if (paths.length > 0) return { name: 'expire', day, steps: expire(day, paths) };
    }
    return null;
  }

  function* expire(day: number, paths: string[]): Generator<void, boolean> {
    days.close(day);
    for (const path of paths) {
      removeDatabase(path);
      yield;
    }
    syncPath(dirname(paths[0]));
    due.delete(day);
    return true;
  }

  return { step, touched, giveUp, isBusy: (): boolean => task !== null };
}

export type Upkeep = ReturnType<typeof createUpkeep>;

function* whole(steps: Generator<void>): Generator<void, boolean> {
  yield* steps;
  return true;
}

function stateOf(path: string): { runs: number; sealedAt: number } {
  const db = openDayForReading(path);
  try {
    const sealedAt = db.prepare('SELECT max(sealed_at) FROM runs').pluck().get() as number | null;
    return { runs: readRuns(db).length, sealedAt: sealedAt ?? 0 };
  } finally {
    db.close();
  }
}

/** False where the rollup was made from an older form of the day file, or from none. */
export function isRollupOf(rollup: string, dayFile: string): boolean {
  const db = openDayForReading(dayFile);
  try {
    const token = openMeta(db).text('finished');
    return token !== null && rollupOf(rollup) === token;
  } finally {
    db.close();
  }
}
