import { statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import type { ReadingColumns } from '../../columns/readingColumns.js';
import { type SeriesKind, type SeriesRecord, seriesKinds } from '../../domain/series.js';
import { at, type ChunkRow, createReadings, pack, readingsMax } from '../chunks/chunk.js';
import type { RunLookup } from '../chunks/chunkLookup.js';
import { openChunkInsert } from '../chunks/chunkTable.js';
import { columnStatement } from '../sqlite/statement.js';
import { inFile } from './damage.js';
import { openDayForReading, openDayForWriting } from './dayFile.js';
import { type Run, readRuns } from './dayTables.js';
import { copySeries, type LocalSeries, openLocalSeries } from './localSeries.js';
import { openLookup } from './lookup.js';
import { orderForRun } from './runOrder.js';

/** Half a millisecond of work. */
const restEveryReadings = 4_000;

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
  known: readonly SeriesRecord[];
}

interface OpenLookup {
  /** The file of the run. */
  path: string;
  run: Run;
  lookup: RunLookup;
}

/**
 * Appends sorted runs to one live or late day file. No identity is stored in the file twice: the writer keeps the newest time per
 * series, and looks up only a reading at or before it in the present runs. After an error the writer must be closed and opened again.
 */
export class DayWriter {
  readonly db: Database.Database;
  readonly #path: string;
  readonly #inode: number;
  readonly #finishedPath: string | null;
  readonly #finished: Database.Database | null;
  readonly #rest: () => void;
  readonly #series: LocalSeries;
  readonly #insertRun: Database.Statement;
  readonly #insertChunk: (run: number, row: ChunkRow) => void;
  /** The form of the last chunk of each series, which the next one tries first. */
  readonly #hints = new Map<number, number>();
  readonly #gathered = createReadings(readingsMax);
  readonly #append: (
    columns: ReadingColumns,
    picked: Uint32Array,
    known: readonly SeriesRecord[],
    source: SealSource,
  ) => Run;
  #runs: readonly Run[];
  #nextRunId: number;
  #lookups: OpenLookup[];

  /**
   * `finishedPath` is the finished file beside a late file, else null. The finished file's ids of series are valid in the late
   * file too, and a reading that it has is a repeat. `rest` is called repeatedly while chunks are written.
   */
  constructor(path: string, day: number, finishedPath: string | null, rest: () => void) {
    this.#path = path;
    this.#finishedPath = finishedPath;
    this.db = openDayForWriting(path, day);
    this.#inode = statSync(path).ino;
    const finished = this.#openFinished(finishedPath);
    this.#finished = finished;
    try {
      this.#rest = rest;
      if (finished !== null && finishedPath !== null) inFile(finishedPath, () => copySeries(finished, this.db));
      this.#series = openLocalSeries(this.db);
      this.#runs = readRuns(this.db);
      this.#nextRunId = this.#runs.reduce((max, run) => Math.max(max, run.id), 0) + 1;
      this.#lookups = this.#openLookups();
      this.#insertRun = this.db.prepare(
        'INSERT INTO runs (id, level, readings, ts_min, ts_max, epoch, position, sealed_at) VALUES (?, 0, ?, ?, ?, ?, ?, ?)',
      );
      this.#insertChunk = openChunkInsert(this.db);
      this.#append = this.db.transaction(this.#appendRun.bind(this));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #openFinished(path: string | null): Database.Database | null {
    try {
      return path === null ? null : openDayForReading(path);
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
    const run = inFile(this.#path, () => this.#append(columns, picked, known, source));
    if (run.readings > 0) {
      this.#nextRunId++;
      this.#runs = [...this.#runs, run];
      this.#lookups.push({ path: this.#path, run, lookup: openLookup(this.db, run.id) });
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

  /** Whether somebody has moved the file away, so that what is written to it would be lost. */
  isReplaced(): boolean {
    return statSync(this.#path, { throwIfNoEntry: false })?.ino !== this.#inode;
  }

  close(): void {
    this.#finished?.close();
    this.db.close();
  }

  #openLookups(): OpenLookup[] {
    const lookupsIn = (path: string, db: Database.Database, runs: readonly Run[]): OpenLookup[] =>
      inFile(path, () => runs.map((run) => ({ path, run, lookup: openLookup(db, run.id) })));
    const [finished, path] = [this.#finished, this.#finishedPath];
    const before = finished === null || path === null ? [] : lookupsIn(path, finished, readRuns(finished));
    return [...before, ...lookupsIn(this.#path, this.db, this.#runs)];
  }

  #appendRun(columns: ReadingColumns, picked: Uint32Array, known: readonly SeriesRecord[], source: SealSource): Run {
    const local = new Uint32Array(columns.readings);
    for (let i = 0; i < picked.length; i++) local[picked[i]] = this.#series.idOf(known[columns.series[picked[i]]]);
    const order = orderForRun(picked, local, columns.ts, this.#series.idMax());
    const run: Run = { id: this.#nextRunId, level: 0, readings: 0, tsMin: Number.POSITIVE_INFINITY, tsMax: 0 };
    this.#writeChunks(run, { columns, order, local, known });
    if (run.readings > 0) {
      const { epoch, position, at: sealedAt } = source;
      this.#insertRun.run(run.id, run.readings, run.tsMin, run.tsMax, epoch, position, sealedAt);
    }
    return run;
  }

  /** Writes the readings that are not stored yet, and sets the run's count and times. */
  #writeChunks(run: Run, { columns, order, local, known }: NewRun): void {
    let rested = 0;
    for (let from = 0; from < order.length; ) {
      const id = local[order[from]];
      let to = from + 1;
      while (to < order.length && local[order[to]] === id) to++;
      const { kind } = known[columns.series[order[from]]];
      this.#writeSeries(run, id, kind, columns, order.subarray(from, to));
      if (to - rested >= restEveryReadings) {
        this.#rest();
        rested = to;
      }
      from = to;
    }
  }

  #writeSeries(
    run: Run,
    id: number,
    kind: SeriesKind,
    { ts, value, strings }: ReadingColumns,
    order: Uint32Array,
  ): void {
    const gathered = this.#gathered;
    const newest = this.#newestOf(id);
    let last = Number.NaN;
    gathered.count = 0;
    for (let i = 0; i < order.length; i++) {
      const reading = order[i];
      const time = ts[reading];
      if (time === last || (time <= newest && this.#isStored(id, time))) continue;
      last = time;
      gathered.ts[gathered.count] = time;
      if (kind === seriesKinds.string) gathered.texts[gathered.count] = strings[value[reading]];
      else gathered.value[gathered.count] = value[reading];
      if (++gathered.count === readingsMax) this.#pack(run, id, kind);
    }
    while (gathered.count > 0) this.#pack(run, id, kind);
    if (last > newest) this.#series.setNewest(id, last);
  }

  /** Writes one chunk of what is gathered, and keeps what the chunk has no room for. */
  #pack(run: Run, id: number, kind: SeriesKind): void {
    const gathered = this.#gathered;
    const row = pack(kind, id, gathered, 0, gathered.count, this.#hints.get(id) ?? -1);
    const n = row[at.n];
    this.#insertChunk(run.id, row);
    this.#hints.set(id, row[at.k]);
    run.readings += n;
    run.tsMin = Math.min(run.tsMin, gathered.ts[0]);
    run.tsMax = Math.max(run.tsMax, gathered.ts[n - 1]);
    gathered.ts.copyWithin(0, n, gathered.count);
    gathered.value.copyWithin(0, n, gathered.count);
    gathered.texts.splice(0, n);
    gathered.count -= n;
  }

  #newestOf(local: number): number {
    const known = this.#series.newest(local);
    if (!Number.isNaN(known)) return known;
    let found = Number.NEGATIVE_INFINITY;
    for (const { path, lookup } of this.#lookups)
      found = Math.max(found, inFile(path, () => lookup.newestTime(local)) ?? found);
    this.#series.setNewest(local, found);
    return found;
  }

  /** Looks into the newest runs first, because a seal that is repeated after a crash finds all its readings there. */
  #isStored(local: number, ts: number): boolean {
    for (let i = this.#lookups.length - 1; i >= 0; i--) {
      const { path, run, lookup } = this.#lookups[i];
      if (ts >= run.tsMin && ts <= run.tsMax && inFile(path, () => lookup.has(local, ts))) return true;
    }
    return false;
  }
}
