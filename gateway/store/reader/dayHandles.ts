import { statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { hasSchema, openDayForReading, type Run, readRuns } from '../dayFiles/dayFile.js';

/** Finished files that stay open for the next query: a month with its aggregates. */
const keptMax = 64;
/** Beyond it a file that nobody asked for is closed, and the room of one that was replaced or removed is free. */
const keptMs = 5_000;
/** Page cache of each, in KiB: SQLite's default would be 2 MB. */
const cacheKib = 512;
/** Widths of buckets are the client's choice, and each is a statement of its own. */
const statementsMax = 32;

/** A file of a day, open for one query, as it was when it was opened. */
export interface DayHandle {
  prepare(sql: string): Database.Statement;
  /** Gives each row of a SELECT of `ts` and `value` to a function, in order: a third of the time of an array a row. */
  each(sql: string, parameters: object, take: TakeRow): void;
  /** What the file keeps of itself; null where there is no such name. */
  meta(name: string): string | null;
  runs(): Run[];
  close(): void;
}

type TakeRow = (ts: number, value: number | string) => void;

const nothing: TakeRow = () => {};

interface Opened {
  db: Database.Database;
  /** Where the function `take` of the connection puts rows at present. */
  rows: { take: TakeRow };
  statements: Map<string, Database.Statement>;
  /** Which file it was: another of the same path is a newer one. */
  inode: number;
  changedMs: number;
  usedAt: number;
}

export type DayHandles = ReturnType<typeof createDayHandles>;

/**
 * Opens day files and aggregates for queries. Opening one takes most of what a query of 30 days takes, so finished ones, which
 * are replaced and never written, stay open for a while. A live file never does: it is finished only when nobody has it open.
 */
export function createDayHandles(now: () => number) {
  const kept = new Map<string, Opened>();

  /** Null where there is no file, or one that is being made. */
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
      if ((error as { code?: string }).code === 'SQLITE_CANTOPEN' && !isThere(path)) return null;
      throw error;
    }
    if (!hasSchema(db)) {
      db.close();
      return null;
    }
    db.pragma(`cache_size = -${cacheKib}`);
    const rows = { take: nothing };
    db.function('take', { directOnly: true }, (ts: number, value: number | string) => {
      rows.take(ts, value);
      return null;
    });
    return { db, rows, statements: new Map(), inode, changedMs, usedAt: 0 };
  }

  /** Reads one snapshot until it is closed: a merge that ends meanwhile takes no run away from under the query. */
  function handleOf(path: string, opened: Opened): DayHandle {
    const { db, rows, statements } = opened;
    db.exec('BEGIN');
    const prepare = (sql: string): Database.Statement => {
      let statement = statements.get(sql);
      if (statement === undefined) {
        if (statements.size >= statementsMax) statements.clear();
        statement = db.prepare(sql);
        statements.set(sql, statement);
      }
      return statement;
    };
    return {
      prepare,
      each(sql, parameters, take): void {
        rows.take = take;
        prepare(`SELECT count(take(ts, value)) FROM (${sql})`).get(parameters);
        rows.take = nothing;
      },
      meta: (name) =>
        (prepare('SELECT value FROM meta WHERE name = ?').pluck().get(name) as string | undefined) ?? null,
      runs: () => readRuns({ prepare }),
      close(): void {
        if (kept.has(path) || !isFinished(db)) return void db.close();
        db.exec('COMMIT');
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
    /** To be called every few seconds. */
    closeIdle(): void {
      for (const [path, { db, usedAt }] of kept) {
        if (now() - usedAt < keptMs) continue;
        db.close();
        kept.delete(path);
      }
    },
    closeAll(): void {
      for (const { db } of kept.values()) db.close();
      kept.clear();
    },
  };
}

const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

/** Live and late files have a write-ahead log. */
const isFinished = (db: Database.Database): boolean => db.pragma('journal_mode', { simple: true }) === 'delete';
