import { statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { codeOf } from '../../../schemas/errors.js';
import { isDamage } from '../dayFiles/damage.js';
import { openDayForReading } from '../dayFiles/dayFile.js';
import { type Run, readRuns } from '../dayFiles/dayTables.js';
import { columnStatement, type Preparing } from '../sqlite/statement.js';

/** The number of finished files that stay open for the next query: a month with its rollups. */
const keptMax = 64;
/** A file that no query used for this time is closed. This frees the space of a file that was replaced or removed. */
const keptMs = 5_000;
/** Page cache of each file, in KiB: SQLite's default would be 2 MB. */
const cacheKib = 512;
/** The client chooses the width of buckets, and each width needs another statement. */
const statementsMax = 32;

/** A file of a day, open for one query, in the state in which it was opened. */
export interface DayHandle extends Preparing {
  /** The value of a name in the file's meta table, or null. */
  meta(name: string): string | null;
  runs(): Run[];
  /** Ends the query's use of the file. */
  close(): void;
}

interface Opened {
  db: Database.Database;
  statements: Map<string, Database.Statement>;
  /** The file that was opened. Another file at the same path is newer. */
  inode: number;
  changedMs: number;
  usedAt: number;
}

/**
 * Opens day files and rollups for queries. Opening files takes most of the time of a query of 30 days, so finished ones, which
 * are replaced and never written, stay open for a while. A live file does not, because it can be finished only while it is not open.
 */
export interface DayHandles {
  /** Null if there is no file at the path. */
  open(path: string): DayHandle | null;
  /** To be called every few seconds. */
  closeIdle(): void;
  closeAll(): void;
}

/** `now` is in ms, of any clock that never goes back. */
export function createDayHandles(now: () => number): DayHandles {
  const kept = new Map<string, Opened>();

  function open(path: string): DayHandle | null {
    const stat = statSync(path, { throwIfNoEntry: false });
    const before = kept.get(path);
    kept.delete(path);
    const same = before !== undefined && before.inode === stat?.ino && before.changedMs === stat.ctimeMs;
    if (!same) before?.db.close();
    const opened = same ? before : stat === undefined ? null : openNew(path, stat.ino, stat.ctimeMs);
    return opened === null ? null : handleOf(path, opened);
  }

  function openNew(path: string, inode: number, changedMs: number): Opened | null {
    let db: Database.Database;
    try {
      db = openDayForReading(path);
    } catch (error) {
      if (codeOf(error) === 'SQLITE_CANTOPEN' && !exists(path)) return null;
      throw error;
    }
    db.pragma(`cache_size = -${cacheKib}`);
    return { db, statements: new Map(), inode, changedMs, usedAt: 0 };
  }

  /** The query reads one snapshot, so that no run disappears from it when a merge ends. */
  function handleOf(path: string, opened: Opened): DayHandle {
    const { db } = opened;
    db.exec('BEGIN');
    return {
      ...readingOf(opened),
      close() {
        if (kept.has(path) || !endsUnharmed(db)) return void db.close();
        opened.usedAt = now();
        kept.set(path, opened);
        if (kept.size > keptMax) closeFirst();
      },
    };
  }

  function closeFirst(): void {
    for (const [path, { db }] of kept) {
      db.close();
      kept.delete(path);
      return;
    }
  }

  return {
    open,
    closeIdle() {
      for (const [path, { db, usedAt }] of kept) {
        if (now() - usedAt < keptMs) continue;
        db.close();
        kept.delete(path);
      }
    },
    closeAll() {
      for (const { db } of kept.values()) db.close();
      kept.clear();
    },
  };
}

function readingOf({ db, statements }: Opened): Omit<DayHandle, 'close'> {
  const preparing: Preparing = {
    prepare: (sql: string) => {
      let statement = statements.get(sql);
      if (statement === undefined) {
        if (statements.size >= statementsMax) statements.clear();
        statement = db.prepare(sql);
        statements.set(sql, statement);
      }
      // The SQL decides the types of parameters and rows, so a statement that was prepared before has the same types.
      return statement as never;
    },
  };
  return {
    ...preparing,
    meta: (name) =>
      columnStatement<string, [string]>(preparing, 'SELECT value FROM meta WHERE name = ?').get(name) ?? null,
    runs: () => readRuns(preparing),
  };
}

const exists = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

/** Ends the transaction of a finished file. False if the file is not finished, or was found damaged: then it is not kept open. */
function endsUnharmed(db: Database.Database): boolean {
  try {
    if (!isFinished(db)) return false;
    db.exec('COMMIT');
    return true;
  } catch (error) {
    if (!isDamage(error) && codeOf(error) !== 'SQLITE_ERROR') throw error;
    return false;
  }
}

/** Live and late files have a write-ahead log. */
const isFinished = (db: Database.Database): boolean => db.pragma('journal_mode', { simple: true }) === 'delete';
