import Database from 'better-sqlite3';
import { openMeta } from '../sqlite/meta.js';
import { statement } from '../sqlite/statement.js';
import { dayMs } from './days.js';

/**
 * YYYY-MM-DD.rollup.db: the aggregates of a finished day, which stay when its readings are removed. They are per series and UTC hour,
 * and per minute for series with two readings or more per minute on average: count, min, max, sum, first, last (strings and
 * booleans: count, first, last), and the ms from the start of the bucket to its first and last reading. A rollup is always made from
 * the whole day file. `of` in its meta names the day file that it was made from.
 */
export const rollups = { rollup_1h: 3_600_000, rollup_1m: 60_000 } as const;
export type RollupTable = keyof typeof rollups;

const rowsPerSlice = 200_000;

/** Makes the rollup of a finished day file at `path`, which must not exist. The caller syncs it. */
export function* buildRollup(path: string, dayFilePath: string): Generator<void> {
  const db = new Database(path);
  try {
    db.pragma('journal_mode = OFF');
    db.pragma('synchronous = OFF');
    db.exec(`ATTACH '${dayFilePath.replaceAll("'", "''")}' AS day`);
    createSchema(db);
    db.exec(`PRAGMA temp_store = MEMORY; CREATE TEMP TABLE minutes (${minuteColumns}) WITHOUT ROWID`);
    const { rows, ids } = sizeOf(db);
    const idsPerSlice = Math.max(1, Math.floor(rowsPerSlice / Math.max(1, rows / Math.max(1, ids))));
    const [gather, hours, keep, clear] = [gatherMinutes, hoursOfMinutes, keepDenseMinutes, 'DELETE FROM minutes'].map(
      (sql) => db.prepare(sql),
    );
    for (let low = 1; low <= ids; low += idsPerSlice) {
      gather.run({ low, high: low + idsPerSlice - 1 });
      yield;
      hours.run();
      keep.run();
      clear.run();
      yield;
    }
  } finally {
    db.close();
  }
}

/** The number of readings of the attached day file, and the highest id of its series. */
function sizeOf(db: Database.Database): { rows: number; ids: number } {
  const size = statement<{ rows: number | null; ids: number | null }>(
    db,
    'SELECT sum(readings) AS rows, (SELECT max(id) FROM series) AS ids FROM day.runs',
  ).get();
  return { rows: size?.rows ?? 0, ids: size?.ids ?? 0 };
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

const minuteColumns = `series INTEGER, ts INTEGER, count INTEGER, min, max, sum, first, last, first_at INTEGER, last_at INTEGER,
  PRIMARY KEY (series, ts)`;

/**
 * The readings are read once for the minutes, and the hours are made from the minutes. Readings are sorted by (series, ts), so first
 * and last cost two lookups per bucket.
 */
const gatherMinutes = `
  INSERT INTO minutes
  SELECT b.series, b.bucket * ${rollups.rollup_1m}, b.count,
    CASE s.kind WHEN 'number' THEN b.min END, CASE s.kind WHEN 'number' THEN b.max END, CASE s.kind WHEN 'number' THEN b.sum END,
    (SELECT value FROM day.run_1 AS r WHERE r.series = b.series AND r.ts = b.first_at),
    (SELECT value FROM day.run_1 AS r WHERE r.series = b.series AND r.ts = b.last_at),
    b.first_at, b.last_at
  FROM (
    SELECT series, ts / ${rollups.rollup_1m} AS bucket, count(*) AS count, min(value) AS min, max(value) AS max,
      sum(value) AS sum, min(ts) AS first_at, max(ts) AS last_at
    FROM day.run_1 WHERE series BETWEEN :low AND :high GROUP BY series, bucket
  ) AS b JOIN series AS s ON s.id = b.series ORDER BY b.series, b.bucket`;

const hoursOfMinutes = `
  INSERT INTO rollup_1h (series, ts, count, min, max, sum, first, last, first_after, last_after)
  SELECT h.series, h.start, h.count, h.min, h.max, h.sum,
    (SELECT first FROM minutes AS m WHERE m.series = h.series AND m.ts = h.first_ts),
    (SELECT last FROM minutes AS m WHERE m.series = h.series AND m.ts = h.last_ts),
    h.first_at - h.start, h.last_at - h.start
  FROM (
    SELECT series, ts / ${rollups.rollup_1h} * ${rollups.rollup_1h} AS start, sum(count) AS count, min(min) AS min, max(max) AS max,
      sum(sum) AS sum, min(ts) AS first_ts, max(ts) AS last_ts, min(first_at) AS first_at, max(last_at) AS last_at
    FROM minutes GROUP BY series, start
  ) AS h ORDER BY h.series, h.start`;

const keepDenseMinutes = `
  INSERT INTO rollup_1m (series, ts, count, min, max, sum, first, last, first_after, last_after)
  SELECT series, ts, count, min, max, sum, first, last, first_at - ts, last_at - ts FROM minutes
  WHERE series IN (SELECT series FROM minutes GROUP BY series HAVING sum(count) >= 2 * count(*)) ORDER BY series, ts`;

/** The `finished` token of the day file that a rollup was made from. */
export function rollupOf(path: string): string | null {
  const db = new Database(path, { readonly: true, fileMustExist: true });
  try {
    return openMeta(db).text('of');
  } finally {
    db.close();
  }
}

/** The table whose buckets add up to whole buckets of this width, or null. */
export const rollupFor = (everyMs: number): RollupTable | null =>
  everyMs % rollups.rollup_1h === 0 ? 'rollup_1h' : everyMs % rollups.rollup_1m === 0 ? 'rollup_1m' : null;

export const bucketsPerDay = (table: RollupTable): number => dayMs / rollups[table];
