import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { errorOf } from '../../../schemas/errors.js';
import { at, type ChunkRow, createReadings, readingsMax, unpack } from '../chunks/chunk.js';
import { chunkColumns } from '../chunks/chunkTable.js';
import { DamagedChunkError, form } from '../chunks/packing.js';
import { isDamage } from '../dayFiles/damage.js';
import { openDayForReading } from '../dayFiles/dayFile.js';
import { dayMs, listDays } from '../dayFiles/days.js';
import { isOfRows, readRuns } from '../dayFiles/dayTables.js';
import { isFolded } from '../dayFiles/finishedDay.js';
import { openForReading } from '../sqlite/openDatabase.js';
import { columnStatement, tupleStatement } from '../sqlite/statement.js';

/** SQLite attaches no more files than this to a connection. */
const attachedMax = 10;

export type SqlValue = string | number | bigint | Buffer | null;

export interface SqlView {
  /** The number of day files in range. More than ten are read one after another, without their indexes. */
  files: number;
  indexed: boolean;
  /** The number of readings in the log that are not in day files yet. */
  unsealed: number;
  /** The number of readings in the files in range. */
  readings: number;
  /** Whether the statement reads every reading of a file, because it has no condition on the device that an index answers. */
  readsAll(sql: string): boolean;
  /** Runs one statement that only reads. Throws SqliteError, or an Error if the statement would write. */
  run(sql: string): { columns: string[]; rows: IterableIterator<SqlValue[]> };
  /** The number of damaged chunks that the statements up to now left out. */
  damaged(): number;
  /** The files in range that cannot be read, and are left out: each with the reason. */
  unreadable: string[];
  close(): void;
}

/** The day files of a data folder as one table `readings(device, metric, unit, ts, value)`; `from` is inclusive, `to` exclusive. */
export function openSqlView(folder: string, from: number, to: number): SqlView {
  const unreadable: string[] = [];
  const isReadable = (path: string): boolean => {
    try {
      readingsIn(path);
      return true;
    } catch (error) {
      if (!isDamage(error)) throw error;
      unreadable.push(`${path}: ${errorOf(error).message}`);
      return false;
    }
  };
  const paths = listDays(folder)
    .filter(({ day }) => (day + 1) * dayMs > from && day * dayMs < to)
    .flatMap(({ readings, late, aside }) => {
      const [day, rest, waiting] = [readings, late, aside].map((path) =>
        path !== null && isReadable(path) ? path : null,
      );
      const pending = rest !== null && !(day !== null && isFolded(day, rest)) ? rest : null;
      return [day, pending, waiting].filter((path) => path !== null);
    });
  const db = new Database(':memory:');
  const indexed = paths.length <= attachedMax;
  let damaged = 0;
  const unpacked = createUnpacked(() => damaged++);
  if (indexed) attachDays(db, paths, from, to, unpacked);
  else readInTurn(db, paths, from, to, unpacked);
  db.pragma('query_only = ON');
  return {
    files: paths.length,
    indexed,
    unsealed: unsealedReadings(folder),
    readings: paths.reduce((sum, path) => sum + readingsIn(path), 0),
    readsAll: (sql) => !indexed || planOf(db, sql).some((step) => /^SCAN s\b/.test(step)),
    run(sql) {
      const statement = db.prepare<[], SqlValue[]>(sql);
      if (!statement.reader || !statement.readonly)
        throw new Error('the statement writes or returns no rows; tidegate sql accepts only a SELECT');
      const columns = statement.columns().map(({ name }) => name);
      return { columns, rows: statement.raw().iterate() };
    },
    damaged: () => damaged,
    unreadable,
    close: () => void db.close(),
  };
}

/**
 * Packed readings are unpacked by a function of this program, in a third of the time that the view of the file takes. A chunk whose
 * times are out of range is not unpacked.
 */
function attachDays(db: Database.Database, paths: string[], from: number, to: number, unpacked: Unpacked): void {
  const columns = chunkColumns.split(', ');
  db.table('unpacked', { columns: ['ts', 'value'], parameters: columns, rows: unpacked });
  const attach = db.prepare('ATTACH ? AS ?');
  const arms = paths.map((path, i) => {
    const day = `day_${i}`;
    attach.run(path, day);
    const inRange = `ts >= ${from} AND ts < ${to}`;
    if (isOfRows(db, `${day}.`)) return `SELECT device, metric, unit, ts, value FROM ${day}.readings WHERE ${inRange}`;
    const chunk = columns.map((name) => `coalesce(c.${name}, '${absent}')`).join(', ');
    return `SELECT s.device, s.metric, s.unit, x.ts, x.value
      FROM ${day}.series AS s CROSS JOIN ${day}.runs AS r CROSS JOIN ${day}.chunk AS c ON c.run = r.id AND c.series = s.id
        CROSS JOIN unpacked(${chunk}) AS x
      WHERE c.t0 < ${to} AND c.t0 + c.span >= ${from} AND x.${inRange.replace('ts <', 'x.ts <')}`;
  });
  const none = 'SELECT NULL AS device, NULL AS metric, NULL AS unit, NULL AS ts, NULL AS value WHERE 0';
  db.exec(`CREATE TEMP VIEW readings AS ${arms.length === 0 ? none : arms.join(' UNION ALL ')}`);
}

/** Stands for NULL in the columns of a chunk, because SQLite has no row of a function for which a parameter is NULL. */
const absent = 'absent';

/**
 * The readings of a chunk; none of a damaged one. Times and booleans are INTEGER in a day file. A number of JavaScript would be REAL, so
 * that ts / 60000 would have a fraction.
 */
type Unpacked = (...chunk: unknown[]) => Generator<[ts: bigint, value: bigint | number | string]>;

function createUnpacked(damaged: () => void): Unpacked {
  return function* unpackedRows(...chunk) {
    const row = chunk.map((column) => (column === absent ? null : column)) as ChunkRow;
    const readings = createReadings(readingsMax);
    try {
      unpack(row, readings);
    } catch (error) {
      if (!(error instanceof DamagedChunkError)) throw error;
      damaged();
    }
    const { ts, value, texts, count } = readings;
    for (let i = 0; i < count; i++) {
      const stored = row[at.k] === form.boolean ? BigInt(value[i]) : (texts[i] ?? value[i]);
      yield [BigInt(ts[i]), stored];
    }
  };
}

function readInTurn(db: Database.Database, paths: string[], from: number, to: number, unpacked: Unpacked): void {
  db.table('readings', {
    columns: ['device', 'metric', 'unit', 'ts', 'value'],
    *rows() {
      for (const path of paths) {
        const day = openDayForReading(path);
        try {
          yield* isOfRows(day) ? rowsOf(day, from, to) : chunksOf(day, from, to, unpacked);
        } finally {
          day.close();
        }
      }
    },
  });
}

/** Of a day file of Tidegate 0.1. */
function* rowsOf(day: Database.Database, from: number, to: number): Generator<SqlValue[]> {
  const rows = tupleStatement<[...SqlValue[]], [from: number, to: number]>(
    day,
    'SELECT ts, device, metric, unit, value FROM readings WHERE ts >= ? AND ts < ?',
  );
  for (const [ts, device, metric, unit, value] of rows.iterate(from, to))
    yield [device, metric, unit, BigInt(ts as number), value];
}

function* chunksOf(day: Database.Database, from: number, to: number, unpacked: Unpacked): Generator<SqlValue[]> {
  const chunks = tupleStatement<[...SqlValue[]], [to: number, from: number]>(
    day,
    `SELECT s.device, s.metric, s.unit, ${chunkColumns
      .split(', ')
      .map((name) => `c.${name}`)
      .join(', ')}
      FROM runs AS r CROSS JOIN chunk AS c ON c.run = r.id JOIN series AS s ON s.id = c.series
      WHERE c.t0 < ? AND c.t0 + c.span >= ?`,
  );
  for (const [device, metric, unit, ...chunk] of chunks.iterate(to, from))
    for (const [ts, value] of unpacked(...chunk)) if (ts >= from && ts < to) yield [device, metric, unit, ts, value];
}

function readingsIn(path: string): number {
  const db = openDayForReading(path);
  try {
    return readRuns(db).reduce((sum, { readings }) => sum + readings, 0);
  } finally {
    db.close();
  }
}

/** The steps of the statement, in SQLite's words. */
const planOf = (db: Database.Database, sql: string): string[] =>
  db
    .prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
    .all()
    .map(({ detail }) => detail);

/** The number of readings in the log that are not in day files yet. */
export function unsealedReadings(folder: string): number {
  const path = join(folder, 'log.db');
  if (!existsSync(path)) return 0;
  const log = openForReading(path);
  try {
    const sum = `SELECT coalesce(sum(readings), 0) FROM log
      WHERE position > coalesce((SELECT value + 0 FROM meta WHERE name = 'sealed_position'), 0)`;
    return columnStatement<number>(log, sum).get() ?? 0;
  } finally {
    log.close();
  }
}
