import { dayPath } from './days.js';
import { type DayWriter, openDayWriter } from './dayWriter.js';
import { isFinished } from './finishedDay.js';

/** Live files kept open at once; backfill touches many days, one after another. */
const openMax = 8;

export type DayWriters = ReturnType<typeof createDayWriters>;

/** The files that readings are sealed into: a day's own file, or, once that is finished, its late file. */
export function createDayWriters(folder: string) {
  const open = new Map<number, DayWriter>();
  const pinned = new Set<number>();

  function openFor(day: number): DayWriter {
    const path = dayPath(folder, day, 'readings');
    return isFinished(path) ? openDayWriter(dayPath(folder, day, 'late'), day, path) : openDayWriter(path, day, null);
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
    /** While runs of the day are merged its file stays open. */
    pin: (day: number): void => void pinned.add(day),
    unpin: (day: number): void => void pinned.delete(day),
    closeAll(): void {
      for (const day of [...open.keys()]) close(day);
    },
  };
}
