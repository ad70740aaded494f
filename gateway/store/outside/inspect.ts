/** outside/ holds the work of the command line on a data folder itself, without a gateway. It changes nothing. */
import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type Database from 'better-sqlite3';
import { countOf } from '../../../schemas/display/numbers.js';
import { errorOf } from '../../../schemas/errors.js';
import { type BucketRow, bucketColumns, verifyBuckets } from '../chunks/bucketChunk.js';
import { at, type ChunkRow, lastTimeOf, verify } from '../chunks/chunk.js';
import { chunkColumns } from '../chunks/chunkTable.js';
import { DamagedChunkError } from '../chunks/packing.js';
import { openDayForReading } from '../dayFiles/dayFile.js';
import { type DayFiles, dayMs, dayPath, dayText, listDays, pathsOf } from '../dayFiles/days.js';
import { isOfRows } from '../dayFiles/dayTables.js';
import { isMissing } from '../dayFiles/dayWriterPool.js';
import { isFinishedOfRows } from '../dayFiles/finishedDay.js';
import { waitingIn } from '../dayFiles/healDay.js';
import { newestCommitAt } from '../logDb/folded.js';
import { expiredDay } from '../logDb/foldTables.js';
import { openMeta } from '../sqlite/meta.js';
import { newestVersion, type Schema } from '../sqlite/migrate.js';
import { openForReading } from '../sqlite/openDatabase.js';
import { faultIn, versionOf } from '../sqlite/pragmas.js';
import { columnStatement, statement, tupleStatement } from '../sqlite/statement.js';
import { databases } from '../writer/databases.js';

/** One check of `tidegate doctor`. */
export interface Finding {
  name: string;
  state: 'ok' | 'warn' | 'fail';
  detail: string;
  fix?: string;
}

/**
 * Checks the databases of a data folder without changing them. A gateway may be running on it. Only the newest day files are read
 * whole, unless `everyDay` is true.
 */
export function inspectDataFolder(folder: string, now: number, builtAt: number, everyDay = false): Finding[] {
  if (!existsSync(join(folder, 'log.db'))) {
    return [
      {
        name: 'data folder',
        state: 'fail',
        detail: `${folder} has no log.db`,
        fix: 'Give the data folder by --data, or start the gateway once',
      },
    ];
  }
  const findings = Object.entries(databases).flatMap(([file, schema]) =>
    inspect(join(folder, file), file, schema, now, builtAt),
  );
  return [...findings, ...inspectDays(folder, everyDay), ...rowDays(folder)];
}

/** The number of newest day files that are read whole. */
const daysChecked = 3;

function inspectDays(folder: string, everyDay: boolean): Finding[] {
  const days = listDays(folder);
  const paths = days.flatMap(({ readings, late, rollup }) => [readings, late, rollup].filter((path) => path !== null));
  if (paths.length === 0) return [{ name: 'day files', state: 'ok', detail: 'none yet' }];
  const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0);
  const range = `${dayText(days[0].day)} to ${dayText(days[days.length - 1].day)}`;
  const checked = everyDay ? days : days.slice(-daysChecked);
  const waiting = days.filter(({ aside }) => aside !== null);
  const expired = noteOfExpired(folder);
  // A day with readings that wait has a file that cannot be used, whatever its age; so may a day that lacks one.
  const faults = days.flatMap((files) => {
    const lost = lostOf(folder, files, expired);
    const paths = checked.includes(files) || waiting.includes(files) ? pathsOf(files) : [];
    return [...lost, ...paths.flatMap(faultOf)].map((found) => ({ day: files.day, ...found }));
  });
  const detail = `${countOf(days.length, 'day')}, ${range}, ${(bytes / 1024 ** 2).toFixed(1)} MiB; ${checked.length} checked`;
  const waits = waiting.flatMap(({ day, aside }) => (aside === null ? [] : waitFor(day, aside)));
  if (faults.length === 0) return [{ name: 'day files', state: 'ok', detail }, ...waits];
  return [
    ...faults.map(
      ({ day, path, fault }): Finding => ({
        name: basename(path),
        state: 'fail',
        detail: `${fault}; it has the readings of ${spanOf(day)}`,
        fix: fixOf(path),
      }),
    ),
    ...waits,
  ];
}

const spanOf = (day: number): string => `${timeText(day * dayMs)} to ${timeText((day + 1) * dayMs)}`;

function fixOf(path: string): string {
  if (path.endsWith('.rollup.db'))
    return 'Restore this file from a backup, or move it away: it is made again from the readings of the day';
  if (path.endsWith('.aside.db'))
    return 'Restore this file from a backup, or move it away: the readings that wait in it are lost then';
  return 'Restore this file from a backup while the gateway runs. Without a backup move it and the .rollup.db of the day away: its readings are lost then';
}

/** The day file that should be there. */
function lostOf(folder: string, { day }: DayFiles, expired: number): { path: string; fault: string }[] {
  if (!isMissing(folder, day) || day <= expired) return [];
  return [{ path: dayPath(folder, day, 'readings'), fault: 'it is missing' }];
}

/** A damaged log.db is named by the other checks. */
function noteOfExpired(folder: string): number {
  try {
    const db = openForReading(join(folder, 'log.db'));
    try {
      return expiredDay(openMeta(db));
    } finally {
      db.close();
    }
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** That readings wait is a fault only as long as another file of the day is one. */
function waitFor(day: number, aside: string): Finding[] {
  try {
    const count = countOf(waitingIn(aside), 'reading');
    const detail = `${count} of ${dayText(day)} wait here until the files of the day can be used`;
    return [
      { name: basename(aside), state: 'warn', detail, fix: 'Mend the day: the running gateway moves them by itself' },
    ];
  } catch {
    return [];
  }
}

/** A damaged file is named by the other checks. */
function hasRows(path: string): boolean {
  try {
    return isFinishedOfRows(path);
  } catch {
    return false;
  }
}

/** The finished days of Tidegate 0.1 are packed only on request; the others are packed when they are next written to. */
function rowDays(folder: string): Finding[] {
  const count = listDays(folder).filter(({ readings }) => readings !== null && hasRows(readings)).length;
  if (count === 0) return [];
  return [
    {
      name: 'day files of 0.1',
      state: 'warn',
      detail: `${countOf(count, 'finished day')} still ${count === 1 ? 'has' : 'have'} a row per reading, which takes several times the space`,
      fix: 'Run tidegate pack while the gateway runs',
    },
  ];
}

function faultOf(path: string): { path: string; fault: string }[] {
  try {
    const db = openDayForReading(path);
    try {
      const fault = faultIn(db);
      return fault === null ? damagedChunks(db).map((damage) => ({ path, fault: damage })) : [{ path, fault }];
    } finally {
      db.close();
    }
  } catch (error) {
    return [{ path, fault: errorOf(error).message }];
  }
}

/** More are counted and not named. */
const damagedNamed = 10;

/** What SQLite cannot see: a changed byte within the packed readings or aggregates. */
function damagedChunks(db: Database.Database): string[] {
  if (isOfRows(db)) return [];
  const found: string[] = [];
  const named = statement<{ device: string; metric: string }, [number]>(
    db,
    'SELECT device, metric FROM series WHERE id = ?',
  );
  let damaged = 0;
  const check = (verify: () => void, series: number, from: number, to: number): void => {
    try {
      verify();
    } catch (error) {
      if (!(error instanceof DamagedChunkError)) throw error;
      if (++damaged > damagedNamed) return;
      const { device = '?', metric = '?' } = named.get(series) ?? {};
      found.push(`${metric} of ${device} from ${timeText(from)} to ${timeText(to)} is damaged; all else can be read`);
    }
  };
  if (hasTable(db, 'chunk'))
    for (const row of chunksIn(db)) check(() => verify(row), row[at.series], row[at.t0], lastTimeOf(row));
  else
    for (const row of bucketsIn(db)) {
      const [series, t0, width, n] = row;
      check(() => verifyBuckets(row), series, t0, t0 + n * width);
    }
  if (damaged > damagedNamed) found.push(`${countOf(damaged - damagedNamed, 'more damaged part')}`);
  return found;
}

const chunksIn = (db: Database.Database): IterableIterator<ChunkRow> =>
  tupleStatement<ChunkRow>(db, `SELECT ${chunkColumns} FROM chunk WHERE run IN (SELECT id FROM runs)`).iterate();

const bucketsIn = (db: Database.Database): IterableIterator<BucketRow> =>
  tupleStatement<BucketRow>(db, `SELECT ${bucketColumns} FROM bucket`).iterate();

const hasTable = (db: Database.Database, name: string): boolean =>
  columnStatement<1, [string]>(db, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) === 1;

/** A damaged time may be none at all. */
const timeText = (ts: number): string => (Math.abs(ts) <= 8.64e15 ? new Date(ts).toISOString() : String(ts));

function inspect(path: string, file: string, schema: Schema, now: number, builtAt: number): Finding[] {
  try {
    const db = openForReading(path);
    try {
      const findings = [checkIntegrity(db, file), checkVersion(db, file, schema)];
      // An older file may lack the tables.
      if (file === 'log.db' && versionOf(db) >= schema.first) findings.push(checkClock(db, now, builtAt));
      return findings;
    } finally {
      db.close();
    }
  } catch (error) {
    return [{ name: file, state: 'fail', detail: errorOf(error).message, fix: 'Restore the folder from a backup' }];
  }
}

function checkIntegrity(db: Database.Database, file: string): Finding {
  const name = `${file} integrity`;
  const fault = faultIn(db);
  return fault === null
    ? { name, state: 'ok', detail: 'ok' }
    : { name, state: 'fail', detail: fault, fix: 'Restore the folder from a backup' };
}

function checkVersion(db: Database.Database, file: string, schema: Schema): Finding {
  const version = versionOf(db);
  const newest = newestVersion(schema);
  const name = `${file} version`;
  if (version > newest) {
    const detail = `${version}, newer than this Tidegate (${newest})`;
    return { name, state: 'fail', detail, fix: 'Run the newer Tidegate' };
  }
  if (version < schema.first) {
    const detail = `${version}, older than the first release (${schema.first})`;
    return { name, state: 'fail', detail, fix: 'Start with an empty data folder' };
  }
  const detail = version === newest ? String(version) : `${version}; the next start migrates it to ${newest}`;
  return { name, state: 'ok', detail };
}

function checkClock(db: Database.Database, now: number, builtAt: number): Finding {
  const newest = newestCommitAt(db);
  const behind = Math.max(newest, builtAt) - now;
  const detail = `this clock: ${new Date(now).toISOString()}; newest commit: ${newest === 0 ? 'none' : new Date(newest).toISOString()}`;
  if (behind <= 60_000) return { name: 'clock', state: 'ok', detail };
  const fix =
    'While the clock is behind the data, devices are refused. Set the clock; if it is right and the data are not, run tidegate confirm-clock';
  return { name: 'clock', state: 'fail', detail, fix };
}
