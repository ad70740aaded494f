import type Database from 'better-sqlite3';
import { type Preparing, tupleStatement } from '../sqlite/statement.js';
import { at, type ChunkRow } from './chunk.js';
import { createUnpackTables, integerColumnAt, unpackTables, valueAt } from './unpackSql.js';

/**
 * The table of the chunks, and how plain SQL reads it.
 *
 *   chunk          the chunks of all runs, see chunk.ts for the columns. Chunks of a run that `runs` does not name do not count
 */
export const chunkColumns = 'series, t0, span, n, step, tmin, tw, k, vw, vmin, min, max, sum, first, last, crc, b';

export function createChunkTables(db: Database.Database): void {
  db.exec(`
    CREATE TABLE chunk (
      run    INTEGER NOT NULL,
      series INTEGER NOT NULL,
      t0     INTEGER NOT NULL,
      span   INTEGER NOT NULL,
      n      INTEGER NOT NULL,
      step   INTEGER NOT NULL,
      tmin   INTEGER NOT NULL,
      tw     INTEGER NOT NULL,
      k      INTEGER NOT NULL,
      vw     INTEGER NOT NULL,
      vmin   INTEGER NOT NULL,
      min    REAL, max REAL, sum REAL, first REAL, last REAL,
      crc    INTEGER NOT NULL,
      b      BLOB NOT NULL,
      PRIMARY KEY (run, series, t0)
    ) WITHOUT ROWID;
  `);
  createUnpackTables(db);
}

export function dropChunkTables(db: Database.Database): void {
  for (const table of ['chunk', ...unpackTables]) db.exec(`DROP TABLE IF EXISTS ${table}`);
}

const places = Array(at.b + 2)
  .fill('?')
  .join(', ');

/** A function that inserts chunks of a run. The row's bytes are copied. `conflict` is an SQL clause such as OR IGNORE. */
export function openChunkInsert(db: Database.Database, conflict = ''): (run: number, row: ChunkRow) => void {
  const insert = db.prepare(`INSERT ${conflict} INTO main.chunk (run, ${chunkColumns}) VALUES (${places})`);
  return (run, row) => void insert.run(run, row);
}

/** The chunks of one series in one run. */
export interface ChunkSpan {
  run: number;
  series: number;
  from: number;
  to: number;
  limit: number;
}

const ofSeries = `SELECT ${chunkColumns} FROM chunk WHERE run = :run AND series = :series AND t0 < :to`;

/** The first time of the chunk that has the reading at `from`, if one has. */
const firstT0 = 'coalesce((SELECT max(t0) FROM chunk WHERE run = :run AND series = :series AND t0 <= :from), :from)';

/** The next chunks in order of time. */
export interface ChunkReads {
  /** Those that begin before `to` and may have a reading at or after `from`. */
  ascending(span: ChunkSpan): ChunkRow[];
  descending(span: ChunkSpan): ChunkRow[];
  /** Those that begin after `from` and before `to`. */
  ascendingAfter(span: ChunkSpan): ChunkRow[];
}

export function openChunkReads(db: Preparing): ChunkReads {
  const select = (condition: string, order: string) => {
    const statement = tupleStatement<ChunkRow, [ChunkSpan]>(
      db,
      `${ofSeries} AND ${condition} ORDER BY t0 ${order} LIMIT :limit`,
    );
    return (span: ChunkSpan): ChunkRow[] => statement.all(span);
  };
  return {
    ascending: select(`t0 >= ${firstT0}`, 'ASC'),
    descending: select(`t0 >= ${firstT0}`, 'DESC'),
    ascendingAfter: select('t0 > :from', 'ASC'),
  };
}

/**
 * The views for people: `readings` unpacks every reading, and `chunks` tells of each chunk what needs no unpacking. A condition on device
 * and metric is searched by index in each run. `ts` is Unix ms.
 */
export function createChunkViews(db: Database.Database): void {
  const from = 'FROM series AS s CROSS JOIN runs AS r CROSS JOIN chunk AS c ON c.run = r.id AND c.series = s.id';
  const place = 'c.n*c.tw+i.i*c.vw+1';
  const columns = { k: 'c.k', vw: 'c.vw', vmin: 'c.vmin', dictionary: 'c.n*(c.tw+c.vw)' };
  db.exec(`
    CREATE VIEW readings AS
      SELECT s.device, s.metric, s.unit,
        c.t0 + i.i * c.step + c.tmin + (${integerColumnAt('i.i*c.tw+1', 'c.tw')}) AS ts,
        ${valueAt(place, columns)} AS value
      ${from} CROSS JOIN chunk_bytes AS u CROSS JOIN chunk_index AS i WHERE i.i < c.n;
    CREATE VIEW chunks AS
      SELECT s.device, s.metric, s.unit, s.kind, c.t0 AS first_ts, c.t0 + c.span AS last_ts, c.n AS count, c.min, c.max, c.sum, c.first, c.last
      ${from};`);
}
