import { errorOf } from '../../../schemas/errors.js';
import { isDamage } from '../dayFiles/damage.js';
import { dayText, listDays } from '../dayFiles/days.js';
import type { DayWriterPool } from '../dayFiles/dayWriterPool.js';
import { finishDay, isFinishedOfRows } from '../dayFiles/finishedDay.js';
import type { JobProgress } from '../threads/archiving.js';

/**
 * Packs the finished days of Tidegate 0.1, which have a row per reading, newest first: each day's file and rollup are rebuilt and
 * replaced. A day that is not finished is packed when it is next opened for writing. Late files stay; the next rebuild takes them in.
 * A day that cannot be packed is left as it is, and the job fails after the others, with its reason.
 */
export function* packDays(folder: string, days: DayWriterPool): Generator<JobProgress, JobProgress> {
  const failed: string[] = [];
  const all = rowDays(folder, failed);
  const progress: JobProgress = { done: 0, total: all.length, bytes: 0, finished: false };
  for (const day of all) {
    const finishing = finishDay({ folder, day, takesLate: false, closeFiles: () => days.close(day) });
    try {
      let step = finishing.next();
      for (; !step.done; step = finishing.next()) yield { ...progress };
      if (step.value) progress.done++;
      else failed.push(`${dayText(day)}: its file is kept open by another program`);
    } catch (error) {
      days.close(day);
      if (!isDamage(error)) throw error;
      failed.push(reasonOf(day, error));
    } finally {
      finishing.return(false);
    }
    yield { ...progress };
  }
  if (failed.length > 0) throw new Error(failureOf(progress.done, failed));
  return { ...progress, finished: true };
}

/** The finished days with rows, newest first. Adds to `failed` the days whose file cannot be read. */
function rowDays(folder: string, failed: string[]): number[] {
  const found: number[] = [];
  for (const { day, readings } of listDays(folder).reverse()) {
    try {
      if (readings !== null && isFinishedOfRows(readings)) found.push(day);
    } catch (error) {
      if (!isDamage(error)) throw error;
      failed.push(reasonOf(day, error));
    }
  }
  return found;
}

/** More are counted and not named. */
const failedNamed = 5;

function failureOf(done: number, failed: readonly string[]): string {
  const more = failed.length > failedNamed ? `; and ${failed.length - failedNamed} more` : '';
  return `${done} of ${done + failed.length} days were packed. Left as rows: ${failed.slice(0, failedNamed).join('; ')}${more}`;
}

const reasonOf = (day: number, error: unknown): string =>
  `${dayText(day)}: ${errorOf(error).message}; tidegate doctor --all shows which file is damaged`;
