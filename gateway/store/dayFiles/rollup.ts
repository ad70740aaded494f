import Database from 'better-sqlite3';
import { type SeriesKind, seriesKinds } from '../../domain/series.js';
import {
  bucketColumns,
  bucketsIndex,
  createBucketTables,
  createBucketViews,
  packBuckets,
} from '../chunks/bucketChunk.js';
import { addReadings, type Buckets, clearBuckets, createBuckets } from '../chunks/buckets.js';
import { createReadings, readingsMax } from '../chunks/chunk.js';
import { DamagedChunkError } from '../chunks/packing.js';
import { openMeta } from '../sqlite/meta.js';
import { inFile } from './damage.js';
import { dayMs } from './days.js';
import { kindsOf, seriesTable } from './dayTables.js';
import { chunkSource, pieceNs, readingNs, sliceNs } from './repack.js';

/**
 * YYYY-MM-DD.rollup.db: the aggregates of a finished day, which stay when its readings are removed. They are per series and UTC hour,
 * and per minute for series with two readings or more per minute on average: count, min, max, sum, first, last (strings and
 * booleans: count, first, last), and the ms from the start of the bucket to its first and last reading. A rollup is always made from
 * the whole day file. `of` in its meta names the day file that it was made from.
 *
 * They are packed (chunks/bucketChunk.ts); the views readings_1h and readings_1m are for people. Version 1, of Tidegate 0.1, has a row
 * per bucket instead, in the tables rollup_1h and rollup_1m.
 */
export const rollups = { rollup_1h: 3_600_000, rollup_1m: 60_000 } as const;
export type RollupTable = keyof typeof rollups;

const rollupVersion = 2;

/** The average number of readings per minute from which aggregates per minute are kept. */
const denseReadings = 2;

/** Makes the rollup of a finished day file at `path`, which must not exist, with pages of so many bytes. The caller syncs it. */
export function* buildRollup(path: string, dayFilePath: string, pageSize: number): Generator<void> {
  const db = new Database(path);
  try {
    db.pragma(`page_size = ${pageSize}`);
    db.pragma('journal_mode = MEMORY');
    db.pragma('synchronous = OFF');
    createSchema(db);
    db.exec(`ATTACH '${dayFilePath.replaceAll("'", "''")}' AS day`);
    db.exec(`
      INSERT INTO main.series SELECT * FROM day.series;
      INSERT INTO main.meta SELECT 'of', value FROM day.meta WHERE name = 'finished';
      INSERT INTO main.meta SELECT 'day', value FROM day.meta WHERE name = 'day';`);
    yield* gather(db);
  } finally {
    db.close();
  }
}

function createSchema(db: Database.Database): void {
  db.exec(`
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    ${seriesTable}
    PRAGMA user_version = ${rollupVersion};
  `);
  createBucketTables(db);
  createBucketViews(db, { readings_1h: rollups.rollup_1h, readings_1m: rollups.rollup_1m });
}

/** Reads the day's chunks once, and writes the aggregates of each series when its last chunk was read. A damaged chunk is left out. */
function* gather(db: Database.Database): Generator<void> {
  const kinds = kindsOf(db);
  const columns = bucketColumns.split(', ');
  const insert = db.prepare(`INSERT INTO bucket (${bucketColumns}) VALUES (${columns.map(() => '?').join(', ')})`);
  const [hours, minutes] = [createBuckets(24), createBuckets(1_440)];
  const readings = createReadings(readingsMax);
  let series = -1;

  function write(width: number, buckets: Buckets): void {
    const kind = kinds.get(series) as SeriesKind;
    for (let from = 0; from < buckets.count; ) {
      const row = packBuckets(kind, series, width, buckets, from, buckets.count - from);
      insert.run(...row);
      from += row[bucketsIndex];
    }
    clearBuckets(buckets);
  }

  function end(): void {
    let total = 0;
    for (let i = 0; i < minutes.count; i++) total += minutes.readings[i];
    write(rollups.rollup_1h, hours);
    if (total < denseReadings * minutes.count) clearBuckets(minutes);
    write(rollups.rollup_1m, minutes);
  }

  let spentNs = 0;
  db.exec('BEGIN');
  for (const source = chunkSource(db, 'day.', 1); source.piece !== null; source.advance()) {
    const { piece } = source;
    if (piece.series !== series) {
      end();
      series = piece.series;
    }
    const kind = kinds.get(series) ?? seriesKinds.number;
    readings.count = 0;
    try {
      piece.unpack(readings);
    } catch (error) {
      if (!(error instanceof DamagedChunkError)) throw error;
    }
    addReadings(hours, kind, rollups.rollup_1h, readings, 0, readings.count);
    addReadings(minutes, kind, rollups.rollup_1m, readings, 0, readings.count);
    spentNs += pieceNs + readingNs * piece.n;
    if (spentNs < sliceNs) continue;
    spentNs = 0;
    db.exec('COMMIT');
    yield;
    db.exec('BEGIN');
  }
  end();
  db.exec('COMMIT');
}

/** The `finished` token of the day file that a rollup was made from. */
export function rollupOf(path: string): string | null {
  return inFile(path, () => {
    const db = new Database(path, { readonly: true, fileMustExist: true });
    try {
      return openMeta(db).text('of');
    } finally {
      db.close();
    }
  });
}

/** The table whose buckets add up to whole buckets of this width, or null. */
export const rollupFor = (everyMs: number): RollupTable | null =>
  everyMs % rollups.rollup_1h === 0 ? 'rollup_1h' : everyMs % rollups.rollup_1m === 0 ? 'rollup_1m' : null;

export const bucketsPerDay = (table: RollupTable): number => dayMs / rollups[table];
