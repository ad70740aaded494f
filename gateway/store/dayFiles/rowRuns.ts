import type Database from 'better-sqlite3';
import { seriesKinds } from '../../domain/series.js';
import { readingsMax, type SeriesReadings } from '../chunks/chunk.js';
import type { RunLookup, StoredReading } from '../chunks/chunkLookup.js';
import { createChunkTables, createChunkViews, dropChunkTables, openChunkInsert } from '../chunks/chunkTable.js';
import { columnStatement, type Preparing, statement, tupleStatement } from '../sqlite/statement.js';
import { dayFileVersion, kindsOf, readRuns } from './dayTables.js';
import { type Piece, type PieceSource, pieceSource, repack } from './repack.js';

/**
 * Day files of Tidegate 0.1, which have a row per reading: a table run_N of (series, ts, value) for run N. A boolean is 0 or 1.
 */
export const rowTable = (run: number): string => `run_${run}`;

type ReadingRow = [series: number, ts: number, value: number | string];

/** About 3 ms of reading. */
const rowsPerRead = 8_192;

/** The readings of a run of rows. `schema` is the name of an attached file, with a dot. */
export function rowSource(db: Database.Database, schema: string, run: number): PieceSource {
  const select = tupleStatement<ReadingRow, [series: number, ts: number]>(
    db,
    `SELECT series, ts, value FROM ${schema}${rowTable(run)} WHERE (series, ts) > (?, ?) ORDER BY series, ts LIMIT ${rowsPerRead}`,
  );
  return pieceSource((last) => piecesOf(select.all(last?.series ?? 0, last?.to ?? 0)));
}

function piecesOf(rows: readonly ReadingRow[]): Piece[] {
  const pieces: Piece[] = [];
  for (let from = 0; from < rows.length; ) {
    const series = rows[from][0];
    let to = from + 1;
    while (to < rows.length && to - from < readingsMax && rows[to][0] === series) to++;
    const readings = rows.slice(from, to);
    const [first, last] = [readings[0][1], readings[readings.length - 1][1]];
    pieces.push({
      series,
      from: first,
      to: last,
      n: readings.length,
      row: null,
      unpack: (into) => put(readings, into),
    });
    from = to;
  }
  return pieces;
}

function put(rows: readonly ReadingRow[], into: SeriesReadings): void {
  for (const [, ts, value] of rows) {
    into.ts[into.count] = ts;
    if (typeof value === 'string') into.texts[into.count] = value;
    else into.value[into.count] = value;
    into.count++;
  }
}

export function openRowLookup(db: Preparing, run: number): RunLookup {
  const table = rowTable(run);
  const has = columnStatement<1, [number, number]>(db, `SELECT 1 FROM ${table} WHERE series = ? AND ts = ?`);
  const newest = statement<StoredReading, [number]>(
    db,
    `SELECT ts, value FROM ${table} WHERE series = ? ORDER BY ts DESC LIMIT 1`,
  );
  return {
    has: (series, ts) => has.get(series, ts) !== undefined,
    newestTime: (series) => newest.get(series)?.ts ?? null,
    newest: (series) => newest.get(series) ?? null,
  };
}

/** The tables of all runs, also of those that an interrupted merge has left. */
const rowTables = (db: Preparing): string[] =>
  columnStatement<string>(db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'run_[0-9]*'").all();

/**
 * Packs the rows of a live or late file: 2 million readings a second. The chunks count from the last transaction on. A crash before it
 * leaves the file as it was, with tables that the next try makes anew.
 */
export function packRowRuns(db: Database.Database): void {
  const kinds = kindsOf(db);
  const runs = readRuns(db);
  dropChunkTables(db);
  createChunkTables(db);
  const insert = openChunkInsert(db);
  for (const { id } of runs) {
    const packing = repack({
      db,
      sources: [rowSource(db, '', id)],
      keeps: () => true,
      kindOf: (series) => kinds.get(series) ?? seriesKinds.number,
      put: (row) => insert(id, row),
      putDamaged: () => {},
    });
    for (const _ of packing);
  }
  db.transaction(() => {
    db.exec('DROP VIEW IF EXISTS readings');
    for (const table of rowTables(db)) db.exec(`DROP TABLE ${table}`);
    createChunkViews(db);
    db.pragma(`user_version = ${dayFileVersion}`);
  })();
}
