import { existsSync } from 'node:fs';
import type { Pace } from '../threads/pace.js';
import { dayPath } from './days.js';
import { DayWriter } from './dayWriter.js';
import { isFinished } from './finishedDay.js';

/** The number of live files that stay open. Backfill writes to many days, one after another. */
const openMax = 8;

/** The files that readings are sealed into: a day's own file, or its late file once the day is finished. */
export interface DayWriterPool {
  /** The writer of the day. It stays open until another day needs its place. */
  of(day: number): DayWriter;
  /** To be called before the day's files are replaced or removed, and after an error. */
  close(day: number): void;
  /** From now on readings for the day are sealed into its late file. */
  freeze(day: number): void;
  /** Keeps the day's file open, while its runs are merged. */
  pin(day: number): void;
  unpin(day: number): void;
  closeAll(): void;
}

export function createDayWriterPool(folder: string, { rest }: Pick<Pace, 'rest'>): DayWriterPool {
  const open = new Map<number, DayWriter>();
  const pinned = new Set<number>();

  /** A restored day file may be unfinished and have a late file beside it. Then readings still go to the late file. */
  function openFor(day: number): DayWriter {
    const path = dayPath(folder, day, 'readings');
    const late = dayPath(folder, day, 'late');
    const takesNoMore = isFinished(path) || (existsSync(path) && existsSync(late));
    return takesNoMore ? new DayWriter(late, day, path, rest) : new DayWriter(path, day, null, rest);
  }

  function close(day: number): void {
    open.get(day)?.close();
    open.delete(day);
  }

  return {
    of(day) {
      let writer = open.get(day);
      if (writer === undefined) {
        const idle = [...open.keys()].find((other) => !pinned.has(other));
        if (open.size >= openMax && idle !== undefined) close(idle);
        writer = openFor(day);
      }
      // The day used last goes to the end, so that the first is the one to close.
      open.delete(day);
      open.set(day, writer);
      return writer;
    },
    close,
    freeze(day) {
      close(day);
      const path = dayPath(folder, day, 'readings');
      const late = dayPath(folder, day, 'late');
      if (!isFinished(path) && !existsSync(late)) new DayWriter(late, day, path, rest).close();
    },
    pin: (day) => void pinned.add(day),
    unpin: (day) => void pinned.delete(day),
    closeAll() {
      for (const day of [...open.keys()]) close(day);
    },
  };
}
