import Database from 'better-sqlite3';
import { dayMs } from './days.js';
import { openMeta } from './meta.js';

/**
 * YYYY-MM-DD.rollup.db: what is kept of a finished day when its readings have left. Per series and UTC hour, and per minute
 * where a minute holds two readings or more on the average: count, min, max, sum, first, last (strings and booleans: count,
 * first, last), and how many ms after its start a bucket has its first and last reading. It is always made anew from the whole
 * day file; `of` in its meta names the one that it was made from.
 */
export const rollups = { rollup_1h: 3_600_000, rollup_1m: 60_000 } as const;
export type RollupTable = keyof typeof rollups;

const rowsPerSlice = 200_000;

/** Makes the rollup of a finished day file at `path`, which must not exist. The caller brings it to the disk. */
export function* buildRollup(path: string, dayFilePath: string): Generator<void> {
  const db = new Database(path);
  try {
    db.pragma('journal_mode = OFF');
    db.pragma('synchronous = OFF');
    db.exec(`ATTACH '${dayFilePath.replaceAll("'", "''")}' AS day`);
    createSchema(db);
    const { rows, ids } = db
      .prepare('SELECT count(*) AS rows, (SELECT max(id) FROM series) AS ids FROM day.run_1')
      .get() as { rows: number; ids: number | null };
    const idsPerSlice = Math.max(1, Math.floor(rowsPerSlice / Math.max(1, rows / Math.max(1, ids ?? 1))));
    const [hours, minutes] = [db.prepare(aggregate('rollup_1h', '1')), db.prepare(aggregate('rollup_1m', dense))];
    for (let low = 1; low <= (ids ?? 0); low += idsPerSlice) {
      const slice = { low, high: low + idsPerSlice - 1 };
      hours.run(slice);
      yield;
      minutes.run(slice);
      yield;
    }
  } finally {
    db.close();
  }
}

function createSchema(db: Database.Database): void {
  const table = (name: RollupTable): string => `
    CREATE TABLE ${name} (
      series INTEGER NOT NULL, ts INTEGER NOT NULL, count INTEGER NOT NULL, min, max, sum, first NOT NULL, last NOT NULL,
      first_after INTEGER NOT NULL, last_after INTEGER NOT NULL,
      PRIMARY KEY (series, ts)
    ) WITHOUT ROWID;
    CREATE VIEW ${name.replace('rollup', 'readings')} AS
      SELECT s.device, s.metric, s.unit, r.ts, r.count, r.min, r.max, r.sum, r.first, r.last
      FROM series AS s JOIN ${name} AS r ON r.series = s.id;`;
  db.exec(`
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE series AS SELECT * FROM day.series WHERE 0;
    CREATE UNIQUE INDEX series_by_id ON series (id);
    CREATE INDEX series_by_name ON series (device, metric);
    INSERT INTO series SELECT * FROM day.series;
    ${table('rollup_1h')}
    ${table('rollup_1m')}
    INSERT INTO meta SELECT 'of', value FROM day.meta WHERE name = 'finished';
    INSERT INTO meta SELECT 'day', value FROM day.meta WHERE name = 'day';
    PRAGMA user_version = 1;
  `);
}

const dense = `series IN (
  SELECT series FROM day.run_1 WHERE series BETWEEN :low AND :high
  GROUP BY series HAVING count(*) >= 2 * count(DISTINCT ts / ${rollups.rollup_1m}))`;

/** Readings lie sorted by (series, ts), so first and last are two lookups a bucket. */
function aggregate(table: RollupTable, where: string): string {
  const width = rollups[table];
  return `
    INSERT INTO ${table} (series, ts, count, min, max, sum, first, last, first_after, last_after)
    SELECT b.series, b.bucket * ${width}, b.count,
      CASE s.kind WHEN 'number' THEN b.min END, CASE s.kind WHEN 'number' THEN b.max END, CASE s.kind WHEN 'number' THEN b.sum END,
      (SELECT value FROM day.run_1 AS r WHERE r.series = b.series AND r.ts = b.first_ts),
      (SELECT value FROM day.run_1 AS r WHERE r.series = b.series AND r.ts = b.last_ts),
      b.first_ts - b.bucket * ${width}, b.last_ts - b.bucket * ${width}
    FROM (
      SELECT series, ts / ${width} AS bucket, count(*) AS count, min(value) AS min, max(value) AS max, sum(value) AS sum,
        min(ts) AS first_ts, max(ts) AS last_ts
      FROM day.run_1 WHERE series BETWEEN :low AND :high AND ${where} GROUP BY series, bucket
    ) AS b JOIN series AS s ON s.id = b.series ORDER BY b.series, b.bucket`;
}

/** The day file that a rollup was made from, by its `finished` token. */
export function rollupOf(path: string): string | null {
  const db = new Database(path, { readonly: true, fileMustExist: true });
  try {
    return openMeta(db).text('of');
  } finally {
    db.close();
  }
}

/** Whole buckets of a day: `every` is a multiple of the width, and a day is a multiple of both. */
export const rollupFor = (everyMs: number): RollupTable | null =>
  everyMs % rollups.rollup_1h === 0 ? 'rollup_1h' : everyMs % rollups.rollup_1m === 0 ? 'rollup_1m' : null;

export const bucketsPerDay = (table: RollupTable): number => dayMs / rollups[table];
