import { existsSync } from 'node:fs';
import type { Pace } from '../threads/pace.js';
import { isOfDisk } from './damage.js';
import { dayPath } from './days.js';
import { DayWriter } from './dayWriter.js';
import { isFinished } from './finishedDay.js';

/** The number of live files that stay open. Backfill writes to many days, one after another. */
const openMax = 8;

/**
 * Whether the day has lost the file of its readings, and has others. A new file must not be made beside the write-ahead log of the lost one,
 * which SQLite would replay into it.
 */
export function isMissing(folder: string, day: number): boolean {
  const path = dayPath(folder, day, 'readings');
  const others = [dayPath(folder, day, 'late'), dayPath(folder, day, 'rollup'), `${path}-wal`];
  return !existsSync(path) && others.some((other) => existsSync(other));
}

/** The files that readings are sealed into: a day's own file, or its late file once the day is finished. */
export interface DayWriterPool {
  /** The writer of the day. It stays open until another day needs its place. */
  of(day: number): DayWriter;
  /** To be called before the day's files are replaced or removed, and after an error. */
  close(day: number): void;
  /**
   * From now on readings for the day are sealed into its aside file, because one of its files cannot be used. That ends when the aside file is
   * gone (healDay.ts). False if the aside file cannot be made.
   */
  putAside(day: number): boolean;
  /** Whether readings for the day are sealed into its aside file. */
  isAside(day: number): boolean;
  /** A writer of the files that are the day's own, beside the aside file. The caller closes it. */
  openOwn(day: number): DayWriter;
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

  /** A day without its file, of which another one is there, waits for the file: otherwise its rollup would be made anew without it. */
  function isAside(day: number): boolean {
    return existsSync(dayPath(folder, day, 'aside')) || isMissing(folder, day);
  }

  const openFor = (day: number): DayWriter =>
    isAside(day) ? new DayWriter(dayPath(folder, day, 'aside'), day, null, rest) : openOwn(day);

  /** A restored day file may be unfinished and have a late file beside it. Then readings still go to the late file. */
  function openOwn(day: number): DayWriter {
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
      if (writer?.isReplaced()) {
        close(day);
        writer = undefined;
      }
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
    putAside(day) {
      close(day);
      try {
        new DayWriter(dayPath(folder, day, 'aside'), day, null, rest).close();
        return true;
      } catch (error) {
        if (isOfDisk(error)) throw error;
        return false;
      }
    },
    isAside,
    openOwn,
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
