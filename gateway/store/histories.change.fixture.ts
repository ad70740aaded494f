import Database from 'better-sqlite3';
import { type BucketRow, bucketColumns, unpackBuckets } from './chunks/bucketChunk.js';
import { createBuckets, sumAt } from './chunks/buckets.js';
import { at, type ChunkRow, createReadings, readingsMax, unpack, verify } from './chunks/chunk.js';
import { chunkColumns, dropChunkTables } from './chunks/chunkTable.js';
import { DamagedChunkError } from './chunks/packing.js';
import { listDays } from './dayFiles/days.js';
import { isOfRows, readDaySeries, readRuns } from './dayFiles/dayTables.js';
import { rollups } from './dayFiles/rollup.js';
import { rowTable } from './dayFiles/rowRuns.js';
import type { Random } from './histories.fixture.js';

/** Rewrites some days of a folder without a gateway as Tidegate 0.1 would have stored them. Returns whether there was one. */
export function packAsRows(folder: string, random: Random): boolean {
  let some = false;
  for (const { readings, late, rollup } of listDays(folder)) {
    if (random(2) === 0) continue;
    for (const path of [readings, late]) if (path !== null) rewrite(path, readingsAsRows);
    if (rollup !== null) rewrite(rollup, rollupAsRows);
    some = true;
  }
  return some;
}

function rewrite(path: string, work: (db: Database.Database) => void): void {
  const db = new Database(path);
  if (!isOfRows(db)) db.transaction(work)(db);
  db.close();
}

function readingsAsRows(db: Database.Database): void {
  const runs = readRuns(db);
  const arms: string[] = [];
  for (const { id } of runs) {
    const table = rowTable(id);
    db.exec(
      `CREATE TABLE ${table} (series INTEGER NOT NULL, ts INTEGER NOT NULL, value NOT NULL, PRIMARY KEY (series, ts)) WITHOUT ROWID`,
    );
    const insert = db.prepare(`INSERT INTO ${table} VALUES (?, ?, ?)`);
    const chunks = db.prepare<[number], ChunkRow>(`SELECT ${chunkColumns} FROM chunk WHERE run = ?`).raw();
    for (const row of chunks.all(id)) {
      const readings = createReadings(readingsMax);
      unpack(row, readings);
      for (let i = 0; i < readings.count; i++)
        insert.run(row[at.series], readings.ts[i], readings.texts[i] ?? readings.value[i]);
    }
    arms.push(
      `SELECT s.device, s.metric, s.unit, r.ts, r.value FROM series AS s JOIN ${table} AS r ON r.series = s.id`,
    );
  }
  db.exec('DROP VIEW readings; DROP VIEW chunks;');
  dropChunkTables(db);
  const none = 'SELECT device, metric, unit, 0 AS ts, 0 AS value FROM series WHERE 0';
  db.exec(`CREATE VIEW readings AS ${arms.length === 0 ? none : arms.join(' UNION ALL ')}; PRAGMA user_version = 1;`);
}

function rollupAsRows(db: Database.Database): void {
  const kinds = new Map(readDaySeries(db).map(({ id, kind }) => [id, kind]));
  const rows = db.prepare<[number], BucketRow>(`SELECT ${bucketColumns} FROM bucket WHERE width = ?`).raw();
  db.exec('DROP VIEW readings_1h; DROP VIEW readings_1m; DROP VIEW buckets; DROP VIEW bucket_places;');
  for (const [table, width] of Object.entries(rollups)) {
    db.exec(`
      CREATE TABLE ${table} (
        series INTEGER NOT NULL, ts INTEGER NOT NULL, count INTEGER NOT NULL, min, max, sum, first NOT NULL, last NOT NULL,
        first_after INTEGER NOT NULL, last_after INTEGER NOT NULL,
        PRIMARY KEY (series, ts)
      ) WITHOUT ROWID;
      CREATE VIEW ${table.replace('rollup', 'readings')} AS
        SELECT s.device, s.metric, s.unit, r.ts, r.count, r.min, r.max, r.sum, r.first, r.last
        FROM series AS s JOIN ${table} AS r ON r.series = s.id;`);
    const insert = db.prepare(`INSERT INTO ${table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    for (const row of rows.all(width)) {
      const buckets = createBuckets(1);
      unpackBuckets(row, buckets);
      const kind = kinds.get(row[0]);
      for (let b = 0; b < buckets.count; b++) {
        const value = (stored: number): number | string => (kind === 'string' ? buckets.texts[stored] : stored);
        const amounts = kind === 'number' ? [buckets.min[b], buckets.max[b], sumAt(buckets, b)] : [null, null, null];
        const ts = buckets.ts[b];
        const after = [buckets.firstAt[b] - ts, buckets.lastAt[b] - ts];
        insert.run(
          row[0],
          ts,
          buckets.readings[b],
          ...amounts,
          value(buckets.first[b]),
          value(buckets.last[b]),
          ...after,
        );
      }
    }
  }
  dropChunkTables(db);
  db.exec('DROP TABLE bucket; PRAGMA user_version = 1;');
}

export interface DamagedChunk {
  deviceKey: number;
  metric: string;
  /** The times of the readings that it had, ascending. */
  times: number[];
}

/** Changes a chunk of some day file, as a failing disk does. Null if there is none that is whole. */
export function damageChunk(folder: string, random: Random): DamagedChunk | null {
  const paths = listDays(folder).flatMap(({ readings, late }) => [readings, late].filter((path) => path !== null));
  if (paths.length === 0) return null;
  const db = new Database(paths[random(paths.length)]);
  try {
    const rows = db
      .prepare<[], [...ChunkRow, run: number]>(
        `SELECT ${chunkColumns}, run FROM chunk WHERE run IN (SELECT id FROM runs)`,
      )
      .raw()
      .all();
    if (rows.length === 0) return null;
    const chosen = rows[random(rows.length)];
    const run = chosen.pop() as number;
    const row = chosen as unknown as ChunkRow;
    if (!isWhole(row)) return null;
    const readings = createReadings(readingsMax);
    unpack(row, readings);
    const b = Buffer.from(row[at.b]);
    if (b.length > 0) b[random(b.length)] ^= 1 << random(8);
    db.prepare('UPDATE chunk SET b = ?, step = step + ? WHERE run = ? AND series = ? AND t0 = ?').run(
      b,
      b.length === 0 ? 1 : 0,
      run,
      row[at.series],
      row[at.t0],
    );
    const { deviceKey, metric } = readDaySeries(db).find(({ id }) => id === row[at.series]) as {
      deviceKey: number;
      metric: string;
    };
    return { deviceKey, metric, times: Array.from(readings.ts.subarray(0, readings.count)) };
  } finally {
    db.close();
  }
}

function isWhole(row: ChunkRow): boolean {
  try {
    verify(row);
    return true;
  } catch (error) {
    if (error instanceof DamagedChunkError) return false;
    throw error;
  }
}
