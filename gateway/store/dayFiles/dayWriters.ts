import { existsSync } from 'node:fs';
import type { Pace } from '../threads/pace.js';
import { dayPath } from './days.js';
import { type DayWriter, openDayWriter } from './dayWriter.js';
import { isFinished } from './finishedDay.js';

/** Live files kept open at once; backfill touches many days, one after another. */
const openMax = 8;

export type DayWriters = ReturnType<typeof createDayWriters>;

/** The files that readings are sealed into: a day's own file, or, once that is finished, its late file. */
export function createDayWriters(folder: string, { rest }: Pick<Pace, 'rest'>) {
  const open = new Map<number, DayWriter>();
  const pinned = new Set<number>();

  /** A day file put back from a backup may be one that was not finished then; what stands beside it goes on being the one written to. */
  function openFor(day: number): DayWriter {
    const path = dayPath(folder, day, 'readings');
    const late = dayPath(folder, day, 'late');
    const takesNoMore = isFinished(path) || (existsSync(path) && existsSync(late));
    return takesNoMore ? openDayWriter(late, day, path, rest) : openDayWriter(path, day, null, rest);
  }

  function close(day: number): void {
    open.get(day)?.close();
    open.delete(day);
  }

  return {
    of(day: number): DayWriter {
      let writer = open.get(day);
      if (writer === undefined) {
        const idle = [...open.keys()].find((other) => !pinned.has(other));
        if (open.size >= openMax && idle !== undefined) close(idle);
        writer = openFor(day);
      }
      // The one used last goes to the end, so that the first is the one to close.
      open.delete(day);
      open.set(day, writer);
      return writer;
    },
    /** Before the day's files are replaced or removed, and after an error. */
    close,
    /** From now on what is sealed for the day goes to its late file. */
    freeze(day: number): void {
      close(day);
      const path = dayPath(folder, day, 'readings');
      const late = dayPath(folder, day, 'late');
      if (!isFinished(path) && !existsSync(late)) openDayWriter(late, day, path, rest).close();
    },
    /** While runs of the day are merged its file stays open. */
    pin: (day: number): void => void pinned.add(day),
    unpin: (day: number): void => void pinned.delete(day),
    closeAll(): void {
      for (const day of [...open.keys()]) close(day);
    },
  };
}
