import type Database from 'better-sqlite3';
import type { ReadingColumns } from '../../columns/readingColumns.js';
import { type SeriesRecord, seriesKinds } from '../../domain/series.js';
import { openRowStatement } from '../sqlite/rowStatement.js';
import {
  createRunTable,
  kindNames,
  openDayForReading,
  openDayForWriting,
  type Run,
  readDaySeries,
  readRuns,
  replaceView,
  runTable,
  seriesIdentity,
} from './dayFile.js';
import { orderForRun } from './runOrder.js';

/** Half a millisecond of work. */
const restEveryRows = 1_000;

/** Which log a run comes from, and up to where. It tells at start whether the folder's files belong together. */
export interface SealSource {
  epoch: string;
  position: number;
  /** Unix ms. */
  at: number;
}

export interface SealedInto {
  readings: number;
  repeated: number;
}

export type DayWriter = ReturnType<typeof openDayWriter>;

/**
 * Appends sorted runs to one live or late day file. No identity gets into the file twice: the newest time of each series is
 * kept, and only a reading at or before it is looked up in the runs there are. `finishedPath` is the finished file that a late
 * file stands beside; its ids of series hold in the late file too, and what it has is a repeat as well.
 * `rest` is called now and then while rows are written. After an error the writer is to be closed and opened again.
 */
export function openDayWriter(path: string, day: number, finishedPath: string | null, rest: () => void) {
  const db = openDayForWriting(path, day);
  const finished = finishedPath === null ? null : openDayForReading(finishedPath);
  if (finished !== null) copySeries(finished, db);
  const series = createLocalSeries(db);
  dropUnnamedRuns(db);
  let runs = readRuns(db);
  let nextRunId = runs.reduce((max, run) => Math.max(max, run.id), 0) + 1;
  let stored = lookupsOf();
  const insertRun = db.prepare(
    'INSERT INTO runs (id, level, readings, ts_min, ts_max, epoch, position, sealed_at) VALUES (?, 0, ?, ?, ?, ?, ?, ?)',
  );

  function lookupsOf() {
    const before = finished === null ? [] : readRuns(finished).map((run) => openLookup(finished, run));
    return [...before, ...runs.map((run) => openLookup(db, run))];
  }

  function newestOf(local: number): number {
    const known = series.newest(local);
    if (!Number.isNaN(known)) return known;
    let found = Number.NEGATIVE_INFINITY;
    for (const { newest } of stored) found = Math.max(found, (newest.get(local) as number | null) ?? found);
    series.setNewest(local, found);
    return found;
  }

  /** The newest runs first: a seal that is done again after a crash finds all its readings there. */
  function isStored(local: number, ts: number): boolean {
    for (let i = stored.length - 1; i >= 0; i--) {
      const { run, has } = stored[i];
      if (ts >= run.tsMin && ts <= run.tsMax && has.get(local, ts) !== undefined) return true;
    }
    return false;
  }

  /** Writes the readings in this order, less those that are stored already; sets the run's count and times. */
  function writeRows(
    run: Run,
    columns: ReadingColumns,
    order: Uint32Array,
    local: Uint32Array,
    texts: Uint8Array,
  ): void {
    const { ts, value, strings } = columns;
    const rows = openRowStatement(db, (rows) => `INSERT INTO ${runTable(run)} (series, ts, value) VALUES ${rows}`);
    let lastSeries = 0;
    let lastTs = Number.NaN;
    let newestTs = Number.NEGATIVE_INFINITY;
    const keepNewest = (): void => {
      if (lastSeries !== 0 && lastTs > newestTs) series.setNewest(lastSeries, lastTs);
    };
    for (let i = 0; i < order.length; i++) {
      if (i % restEveryRows === 0) rest();
      const reading = order[i];
      const id = local[reading];
      const at = ts[reading];
      if (id !== lastSeries) {
        keepNewest();
        lastSeries = id;
        newestTs = newestOf(id);
        lastTs = Number.NaN;
      }
      if (at === lastTs || (at <= newestTs && isStored(id, at))) continue;
      lastTs = at;
      rows.add(id, at, texts[reading] === 1 ? strings[value[reading]] : value[reading]);
      run.readings++;
      if (at < run.tsMin) run.tsMin = at;
      if (at > run.tsMax) run.tsMax = at;
    }
    keepNewest();
    rows.finish();
  }

  const append = db.transaction(
    (columns: ReadingColumns, picked: Uint32Array, known: readonly SeriesRecord[], source: SealSource) => {
      const local = new Uint32Array(columns.readings);
      const texts = new Uint8Array(columns.readings);
      for (let i = 0; i < picked.length; i++) {
        const one = known[columns.series[picked[i]]];
        local[picked[i]] = series.idOf(one);
        texts[picked[i]] = one.kind === seriesKinds.string ? 1 : 0;
      }
      const run: Run = { id: nextRunId, level: 0, readings: 0, tsMin: Number.POSITIVE_INFINITY, tsMax: 0 };
      db.exec(createRunTable(runTable(run)));
      writeRows(run, columns, orderForRun(picked, local, columns.ts, series.idMax()), local, texts);
      if (run.readings === 0) db.exec(`DROP TABLE ${runTable(run)}`);
      else {
        insertRun.run(run.id, run.readings, run.tsMin, run.tsMax, source.epoch, source.position, source.at);
        replaceView(db);
      }
      return run;
    },
  );

  return {
    db,
    path,
    day,
    runs: (): readonly Run[] => runs,
    /**
     * One run of `picked` (indexes of this day's readings, in order of storing), on disk when it returns. `known` has every
     * series by its id.
     */
    append(
      columns: ReadingColumns,
      picked: Uint32Array,
      known: readonly SeriesRecord[],
      source: SealSource,
    ): SealedInto {
      const run = append(columns, picked, known, source);
      if (run.readings > 0) {
        nextRunId++;
        runs = [...runs, run];
        stored.push(openLookup(db, run));
      }
      return { readings: run.readings, repeated: picked.length - run.readings };
    },
    /** After the runs were merged. */
    reload(): void {
      runs = readRuns(db);
      stored = lookupsOf();
    },
    takeRunId: (): number => nextRunId++,
    /** Up to where the log of this epoch was sealed into this file. */
    sealedPosition: (epoch: string): number =>
      (db.prepare('SELECT max(position) FROM runs WHERE epoch = ?').pluck().get(epoch) as number | null) ?? 0,
    close(): void {
      finished?.close();
      db.close();
    },
  };
}

function openLookup(db: Database.Database, run: Run) {
  const table = runTable(run);
  return {
    run,
    has: db.prepare(`SELECT 1 FROM ${table} WHERE series = ? AND ts = ?`).pluck(),
    newest: db.prepare(`SELECT max(ts) FROM ${table} WHERE series = ?`).pluck(),
  };
}

/** The file's own ids of series, and the newest time of each (NaN: to be found out; -Infinity: nothing stored). */
function createLocalSeries(db: Database.Database) {
  const insert = db.prepare(
    'INSERT INTO series (id, device, metric, unit, kind, device_key, device_created_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const updateUnit = db.prepare('UPDATE series SET unit = ? WHERE id = ?');
  const byIdentity = new Map<string, number>();
  const units: (string | null)[] = [];
  /** By the gateway's id. 0: not looked up yet. */
  let localOf = new Uint32Array(1024);
  let idMax = 0;
  for (const one of readDaySeries(db)) {
    byIdentity.set(seriesIdentity(one), one.id);
    units[one.id] = one.unit;
    idMax = Math.max(idMax, one.id);
  }
  let newest = new Float64Array(idMax + 1024).fill(Number.NaN);

  function add(one: SeriesRecord, identity: string): number {
    const id = ++idMax;
    insert.run(id, one.device, one.metric, one.unit, kindNames[one.kind], one.deviceKey, one.deviceCreatedAt);
    byIdentity.set(identity, id);
    units[id] = one.unit;
    if (id >= newest.length) {
      const grown = new Float64Array(2 * id).fill(Number.NaN);
      grown.set(newest);
      newest = grown;
    }
    newest[id] = Number.NEGATIVE_INFINITY;
    return id;
  }

  function idOf(one: SeriesRecord): number {
    if (one.id >= localOf.length) {
      const grown = new Uint32Array(Math.max(one.id + 1, 2 * localOf.length));
      grown.set(localOf);
      localOf = grown;
    }
    let id = localOf[one.id];
    if (id === 0) {
      const identity = seriesIdentity(one);
      id = byIdentity.get(identity) ?? add(one, identity);
      localOf[one.id] = id;
    }
    if (one.unit !== null && units[id] !== one.unit) {
      units[id] = one.unit;
      updateUnit.run(one.unit, id);
    }
    return id;
  }

  return {
    idOf,
    idMax: (): number => idMax,
    newest: (id: number): number => newest[id],
    setNewest(id: number, ts: number): void {
      newest[id] = ts;
    },
  };
}

/** A new late file takes over the series of the finished one, with their ids. */
function copySeries(finished: Database.Database, late: Database.Database): void {
  const insert = late.prepare(
    'INSERT OR IGNORE INTO series (id, device, metric, unit, kind, device_key, device_created_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  late.transaction(() => {
    for (const { id, device, metric, unit, kind, deviceKey, deviceCreatedAt } of readDaySeries(finished))
      insert.run(id, device, metric, unit, kind, deviceKey, deviceCreatedAt);
  })();
}

/** Tables that the list of runs does not name are what a crash left of a merge, or what a merge left to be dropped. */
function dropUnnamedRuns(db: Database.Database): void {
  const named = new Set(readRuns(db).map(runTable));
  const tables = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'run_[0-9]*'")
    .pluck()
    .all() as string[];
  for (const table of tables) if (!named.has(table)) db.exec(`DROP TABLE ${table}`);
}
