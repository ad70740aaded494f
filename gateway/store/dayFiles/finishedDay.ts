import { existsSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { codeOf } from '../../../schemas/errors.js';
import { seriesKinds } from '../../domain/series.js';
import { at } from '../chunks/chunk.js';
import { openChunkInsert } from '../chunks/chunkTable.js';
import { openMeta } from '../sqlite/meta.js';
import { newEpoch } from '../sqlite/migrate.js';
import { columnStatement } from '../sqlite/statement.js';
import { syncPath } from '../sqlite/syncPath.js';
import { openDayForReading } from './dayFile.js';
import { dayPath, dayText, removeDatabase } from './days.js';
import { createDaySchema, isOfRows, kindsOf, type Run, readDaySeries, readRuns, seriesIdentity } from './dayTables.js';
import { chunkSource, type PieceSource, repack } from './repack.js';
import { buildRollup } from './rollup.js';
import { rowSource } from './rowRuns.js';

/** Whether the file exists and is finished. A finished file is never written again. */
export function isFinished(path: string): boolean {
  if (!existsSync(path)) return false;
  const db = openDayForReading(path);
  try {
    return openMeta(db).text('finished') !== null;
  } finally {
    db.close();
  }
}

/** Whether the file is finished and of Tidegate 0.1, with a row per reading. */
export function isFinishedOfRows(path: string): boolean {
  const db = openDayForReading(path);
  try {
    return isOfRows(db) && openMeta(db).text('finished') !== null;
  } finally {
    db.close();
  }
}

/**
 * Queries keep files open for the time of a page. The replacement is tried this many times, one slice apart, before the rebuilt
 * day is thrown away.
 */
const aloneTries = 400;

const alonePauseMs = 5;

export interface Finishing {
  folder: string;
  day: number;
  /** Whether the late file is merged in and removed. If false, it stays beside the day file. */
  takesLate: boolean;
  /** An SQL condition on the series to skip. */
  except?: string;
  /** Closes the archiver's own open files of the day. */
  closeFiles(): void;
}

/**
 * Makes the finished file of a day, and its rollup, from the day file and the late file, one slice per step of the generator. The
 * fresh files are on disk before they take their names. The generator returns false, and must be run again later, if a
 * query keeps a file open or a seal has written to the day in the meantime.
 *
 * Only a file in rollback mode may be replaced: beside a fresh file, the write-ahead log of the old one would be replayed into
 * it. Switching the mode succeeds only if no other connection has the file open.
 */
export function* finishDay({ folder, day, takesLate, except = '0', closeFiles }: Finishing): Generator<void, boolean> {
  const path = dayPath(folder, day, 'readings');
  const lateName = takesLate ? dayPath(folder, day, 'late') : null;
  const late = lateName !== null && existsSync(lateName) ? lateName : null;
  const built = runsText(path, lateName);
  const pageSize = pageBytesFor(path, late);
  const rollup = dayPath(folder, day, 'rollup');
  const fresh = `${path}.new`;
  const freshRollup = `${rollup}.new`;
  removeDatabase(fresh);
  removeDatabase(freshRollup);
  try {
    yield* buildDay(fresh, day, path, late, except, pageSize);
    yield* buildRollup(freshRollup, fresh, pageSize);
    syncPath(fresh);
    syncPath(freshRollup);
    for (let tries = 1; ; tries++) {
      closeFiles();
      // The rest is one slice, so that no seal comes in between.
      if (runsText(path, lateName) !== built) return false;
      if (isAlone(path) && (late === null || isAlone(late))) break;
      if (tries === aloneTries) return false;
      pause(alonePauseMs);
      yield;
    }
    renameSync(freshRollup, rollup);
    renameSync(fresh, path);
    syncPath(dirname(path));
    if (late !== null) {
      removeDatabase(late);
      syncPath(dirname(path));
    }
    return true;
  } finally {
    removeDatabase(fresh);
    removeDatabase(freshRollup);
  }
}

/** The runs of a finished day: its readings, and the chunks that could not be unpacked, if there are some. */
const [finishedRun, damagedRun] = [1, 2];

function* buildDay(
  fresh: string,
  day: number,
  path: string,
  late: string | null,
  except: string,
  pageSize: number,
): Generator<void> {
  const db = new Database(fresh);
  try {
    db.pragma(`page_size = ${pageSize}`);
    db.pragma('journal_mode = MEMORY');
    db.pragma('synchronous = OFF');
    createDaySchema(db);
    const attach = db.prepare('ATTACH ? AS ?');
    const meta = openMeta(db);
    meta.set('day', dayText(day));
    meta.set('file', newEpoch());
    meta.set('finished', newEpoch());
    const sources: PieceSource[] = [];
    const runs: Run[] = [];
    for (const [name, file] of [
      ['day', path],
      ['late', late],
    ] as const) {
      if (file === null) continue;
      attach.run(file, name);
      const rows = isOfRows(db, `${name}.`);
      for (const run of readRuns(db, `${name}.`)) {
        runs.push(run);
        sources.push((rows ? rowSource : chunkSource)(db, `${name}.`, run.id));
      }
    }
    // The late file has the series of the day file with the same ids, and further ones. Its units are newer.
    for (const from of late === null ? ['day'] : ['late', 'day'])
      db.exec(`INSERT OR IGNORE INTO series SELECT * FROM ${from}.series WHERE NOT (${except})`);
    const kinds = kindsOf(db);
    const insert = openChunkInsert(db);
    const insertDamaged = openChunkInsert(db, 'OR IGNORE');
    let damaged = 0;
    const readings = yield* repack({
      db,
      sources,
      keeps: (series) => kinds.has(series),
      kindOf: (series) => kinds.get(series) ?? seriesKinds.number,
      put: (row) => insert(finishedRun, row),
      putDamaged(row) {
        insertDamaged(damagedRun, row);
        damaged += row[at.n];
      },
    });
    describeRun(db, late === null ? ['day'] : ['day', 'late'], readings, runs);
    if (damaged > 0) describeDamagedRun(db, damaged);
    if (late !== null)
      meta.set('folded', columnStatement<string>(db, "SELECT value FROM late.meta WHERE name = 'file'").get() ?? '');
  } finally {
    db.close();
  }
}

/** A page for small days, of which a gateway with few devices has one a day, and one for days of many readings. */
const pageBytes = { small: 4_096, large: 16_384 };

const largeDayReadings = 20_000;

function pageBytesFor(...paths: (string | null)[]): number {
  const readings = paths.flatMap(runsOf).reduce((sum, run) => sum + run.readings, 0);
  return readings < largeDayReadings ? pageBytes.small : pageBytes.large;
}

function runsOf(path: string | null): Run[] {
  if (path === null || !existsSync(path)) return [];
  const db = openDayForReading(path);
  try {
    return readRuns(db);
  } finally {
    db.close();
  }
}

/** Describes the one run by the runs that it is made of, because a seal would wait too long if all chunks were read again. */
function describeRun(db: Database.Database, from: string[], readings: number, runs: readonly Run[]): void {
  const all = from.map((name) => `SELECT * FROM ${name}.runs`).join(' UNION ALL ');
  const least = runs.reduce((min, { tsMin }) => Math.min(min, tsMin), Number.MAX_SAFE_INTEGER);
  const most = runs.reduce((max, { tsMax }) => Math.max(max, tsMax), 0);
  db.prepare(`
    INSERT INTO main.runs (id, level, readings, ts_min, ts_max, epoch, position, sealed_at)
    SELECT ${finishedRun}, 0, ?, ?, ?, coalesce(s.epoch, ''), coalesce(s.position, 0), coalesce((SELECT max(sealed_at) FROM (${all})), 0)
    FROM (SELECT epoch, max(position) AS position FROM (${all})) AS s`).run(
    readings,
    runs.length === 0 ? 0 : least,
    most,
  );
}

function describeDamagedRun(db: Database.Database, readings: number): void {
  db.prepare(`
    INSERT INTO main.runs (id, level, readings, ts_min, ts_max, epoch, position, sealed_at)
    SELECT ${damagedRun}, 0, ?, ts_min, ts_max, epoch, position, sealed_at FROM main.runs WHERE id = ${finishedRun}`).run(
    readings,
  );
}

/** The runs of the files, by number and size. While they are the same, no reading was sealed into them. */
const runsText = (...paths: (string | null)[]): string => JSON.stringify(paths.map(runsOf));

const nothing = new Int32Array(new SharedArrayBuffer(4));

const pause = (ms: number): void => void Atomics.wait(nothing, 0, 0, ms);

/** Switches the file to rollback mode. False if another connection has it open. */
function isAlone(path: string): boolean {
  const db = new Database(path, { timeout: 0 });
  try {
    return db.pragma('journal_mode = DELETE', { simple: true }) === 'delete';
  } catch (error) {
    if (codeOf(error)?.startsWith('SQLITE_BUSY')) return false;
    throw error;
  } finally {
    db.close();
  }
}

/** Whether the late file's readings are in the day file already, because a crash came before the late file was removed. */
export function isFolded(path: string, late: string): boolean {
  const [day, rest] = [openDayForReading(path), openDayForReading(late)];
  try {
    const folded = openMeta(day).text('folded');
    return folded !== null && folded === openMeta(rest).text('file');
  } finally {
    day.close();
    rest.close();
  }
}

/** Whether the ids of series mean the same in the late file and in the day file. */
export function belongTogether(path: string, late: string): boolean {
  const [day, rest] = [openDayForReading(path), openDayForReading(late)];
  try {
    const known = new Map(readDaySeries(rest).map((series) => [series.id, seriesIdentity(series)]));
    // A series that was erased from one of the files is missing there.
    return readDaySeries(day).every(
      (series) => (known.get(series.id) ?? seriesIdentity(series)) === seriesIdentity(series),
    );
  } finally {
    day.close();
    rest.close();
  }
}
