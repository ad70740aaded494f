import type Database from 'better-sqlite3';
import type { ReadingColumns } from '../../columns/readingColumns.js';
import { type SeriesRecord, seriesKinds } from '../../domain/series.js';
import { openRowStatement } from '../sqlite/rowStatement.js';
import { columnStatement } from '../sqlite/statement.js';
import {
  createRunTable,
  openDayForReading,
  openDayForWriting,
  type Run,
  readRuns,
  replaceView,
  runTable,
} from './dayFile.js';
import { copySeries, type LocalSeries, openLocalSeries } from './localSeries.js';
import { orderForRun } from './runOrder.js';

/** Half a millisecond of work. */
const restEveryRows = 1_000;

/** The log that a run comes from, and up to which position. At start it shows whether the folder's files belong together. */
export interface SealSource {
  epoch: string;
  position: number;
  /** Unix ms. */
  at: number;
}

/** The result of a seal in a day file. */
export interface SealedInto {
  /** Readings that were stored. */
  readings: number;
  /** Readings that were not stored, because their identity was stored before. */
  repeated: number;
}

/** The readings of a run before they are written: which of `columns`, in which order. */
interface NewRun {
  columns: ReadingColumns;
  /** Indexes of the readings, sorted for the run. */
  order: Uint32Array;
  /** The file's id of the series, by index. */
  local: Uint32Array;
  /** 1 if the value is a string's, by index. */
  texts: Uint8Array;
}

/** Looks up in one run whether it has a reading. */
interface RunLookup {
  run: Run;
  has: Database.Statement<[series: number, ts: number], number>;
  newest: Database.Statement<[series: number], number | null>;
}

/**
 * Appends sorted runs to one live or late day file. No identity is stored in the file twice: the writer keeps the newest time per
 * series, and looks up only a reading at or before it in the present runs. After an error the writer must be closed and opened again.
 */
export class DayWriter {
  readonly db: Database.Database;
  readonly #finished: Database.Database | null;
  readonly #rest: () => void;
  readonly #series: LocalSeries;
  readonly #insertRun: Database.Statement;
  readonly #append: (
    columns: ReadingColumns,
    picked: Uint32Array,
    known: readonly SeriesRecord[],
    source: SealSource,
  ) => Run;
  #runs: readonly Run[];
  #nextRunId: number;
  #lookups: RunLookup[];

  /**
   * `finishedPath` is the finished file beside a late file, else null. The finished file's ids of series are valid in the late
   * file too, and a reading that it has is a repeat. `rest` is called repeatedly while rows are written.
   */
  constructor(path: string, day: number, finishedPath: string | null, rest: () => void) {
    this.db = openDayForWriting(path, day);
    try {
      this.#finished = finishedPath === null ? null : openDayForReading(finishedPath);
      this.#rest = rest;
      if (this.#finished !== null) copySeries(this.#finished, this.db);
      this.#series = openLocalSeries(this.db);
      dropUnnamedRuns(this.db);
      this.#runs = readRuns(this.db);
      this.#nextRunId = this.#runs.reduce((max, run) => Math.max(max, run.id), 0) + 1;
      this.#lookups = this.#openLookups();
      this.#insertRun = this.db.prepare(
        'INSERT INTO runs (id, level, readings, ts_min, ts_max, epoch, position, sealed_at) VALUES (?, 0, ?, ?, ?, ?, ?, ?)',
      );
      this.#append = this.db.transaction(this.#appendRun.bind(this));
    } catch (error) {
      this.db.close();
      throw error;
    }
  }

  /** In order of their ids. */
  get runs(): readonly Run[] {
    return this.#runs;
  }

  /**
   * Appends one run of `picked` (indexes of this day's readings, in order of storing), on disk when it returns. `known` has every
   * series by its id.
   */
  append(columns: ReadingColumns, picked: Uint32Array, known: readonly SeriesRecord[], source: SealSource): SealedInto {
    const run = this.#append(columns, picked, known, source);
    if (run.readings > 0) {
      this.#nextRunId++;
      this.#runs = [...this.#runs, run];
      this.#lookups.push(openLookup(this.db, run));
    }
    return { readings: run.readings, repeated: picked.length - run.readings };
  }

  /** To be called after the runs were merged. */
  reload(): void {
    this.#runs = readRuns(this.db);
    this.#lookups = this.#openLookups();
  }

  /** A new id for a run that the caller makes. */
  takeRunId(): number {
    return this.#nextRunId++;
  }

  /** The position up to which the log of this epoch was sealed into this file, or 0. */
  sealedPosition(epoch: string): number {
    const last = columnStatement<number | null, [string]>(this.db, 'SELECT max(position) FROM runs WHERE epoch = ?');
    return last.get(epoch) ?? 0;
  }

  close(): void {
    this.#finished?.close();
    this.db.close();
  }

  #openLookups(): RunLookup[] {
    const finished = this.#finished;
    const before = finished === null ? [] : readRuns(finished).map((run) => openLookup(finished, run));
    return [...before, ...this.#runs.map((run) => openLookup(this.db, run))];
  }

  #appendRun(columns: ReadingColumns, picked: Uint32Array, known: readonly SeriesRecord[], source: SealSource): Run {
    const local = new Uint32Array(columns.readings);
    const texts = new Uint8Array(columns.readings);
    for (let i = 0; i < picked.length; i++) {
      const series = known[columns.series[picked[i]]];
      local[picked[i]] = this.#series.idOf(series);
      texts[picked[i]] = series.kind === seriesKinds.string ? 1 : 0;
    }
    const order = orderForRun(picked, local, columns.ts, this.#series.idMax());
    const run: Run = { id: this.#nextRunId, level: 0, readings: 0, tsMin: Number.POSITIVE_INFINITY, tsMax: 0 };
    this.db.exec(createRunTable(runTable(run)));
    this.#writeRows(run, { columns, order, local, texts });
    if (run.readings === 0) this.db.exec(`DROP TABLE ${runTable(run)}`);
    else {
      const { epoch, position, at } = source;
      this.#insertRun.run(run.id, run.readings, run.tsMin, run.tsMax, epoch, position, at);
      replaceView(this.db);
    }
    return run;
  }

  /** Writes the readings that are not stored yet, and sets the run's count and times. */
  #writeRows(run: Run, { columns, order, local, texts }: NewRun): void {
    const { ts, value, strings } = columns;
    const rows = openRowStatement(
      this.db,
      (values) => `INSERT INTO ${runTable(run)} (series, ts, value) VALUES ${values}`,
    );
    let lastSeries = 0;
    let lastTs = Number.NaN;
    let newestTs = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < order.length; i++) {
      if (i % restEveryRows === 0) this.#rest();
      const reading = order[i];
      const id = local[reading];
      const at = ts[reading];
      if (id !== lastSeries) {
        if (lastTs > newestTs) this.#series.setNewest(lastSeries, lastTs);
        lastSeries = id;
        newestTs = this.#newestOf(id);
        lastTs = Number.NaN;
      }
      if (at === lastTs || (at <= newestTs && this.#isStored(id, at))) continue;
      lastTs = at;
      rows.add(id, at, texts[reading] === 1 ? strings[value[reading]] : value[reading]);
      run.readings++;
      if (at < run.tsMin) run.tsMin = at;
      if (at > run.tsMax) run.tsMax = at;
    }
    if (lastTs > newestTs) this.#series.setNewest(lastSeries, lastTs);
    rows.finish();
  }

  #newestOf(local: number): number {
    const known = this.#series.newest(local);
    if (!Number.isNaN(known)) return known;
    let found = Number.NEGATIVE_INFINITY;
    for (const { newest } of this.#lookups) found = Math.max(found, newest.get(local) ?? found);
    this.#series.setNewest(local, found);
    return found;
  }

  /** Looks into the newest runs first, because a seal that is repeated after a crash finds all its readings there. */
  #isStored(local: number, ts: number): boolean {
    for (let i = this.#lookups.length - 1; i >= 0; i--) {
      const { run, has } = this.#lookups[i];
      if (ts >= run.tsMin && ts <= run.tsMax && has.get(local, ts) !== undefined) return true;
    }
    return false;
  }
}

function openLookup(db: Database.Database, run: Run): RunLookup {
  const table = runTable(run);
  return {
    run,
    has: columnStatement(db, `SELECT 1 FROM ${table} WHERE series = ? AND ts = ?`),
    newest: columnStatement(db, `SELECT max(ts) FROM ${table} WHERE series = ?`),
  };
}

/** Drops run tables that `runs` does not name. They are left from a merge that a crash interrupted before or after its end. */
function dropUnnamedRuns(db: Database.Database): void {
  const named = new Set(readRuns(db).map(runTable));
  const tables = columnStatement<string>(
    db,
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'run_[0-9]*'",
  ).all();
  for (const table of tables) if (!named.has(table)) db.exec(`DROP TABLE ${table}`);
}
