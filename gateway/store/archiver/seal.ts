import type Database from 'better-sqlite3';
import { createColumns, type ReadingColumns, reserveReadings } from '../../columns/readingColumns.js';
import type { Declared } from '../../domain/declared.js';
import { type SeriesRecord, seriesKinds } from '../../domain/series.js';
import { DayFileError, isOfDisk } from '../dayFiles/damage.js';
import { dayOf } from '../dayFiles/days.js';
import type { SealSource } from '../dayFiles/dayWriter.js';
import type { DayWriterPool } from '../dayFiles/dayWriterPool.js';
import { splitByDay } from '../dayFiles/runOrder.js';
import { readSeries } from '../logDb/folded.js';
import { logRows } from '../logDb/readRows.js';
import { type Meta, openMeta } from '../sqlite/meta.js';
import type { Sealed } from '../threads/archiving.js';
import type { Pace } from '../threads/pace.js';
import { createFolding, type Folding } from './folding.js';
import type { Troubles } from './troubles.js';

export interface SealOptions {
  /** Stops reading the log at the first row that reaches this count. */
  readingsMax: number;
  /** Keys of devices whose readings are skipped because they are being erased. */
  erased: ReadonlySet<number>;
  /** Unix ms. */
  now: number;
}

/** The rows of the log that one seal moves into day files. Their readings are in the sealer's columns. */
interface Gathered {
  /** The last row. */
  position: number;
  rows: number;
  /** The readings of the rows, skipped ones included. */
  readings: number;
}

/**
 * Writes the readings of rows into the day files. The rows stay in the log until the writer has stored the fold and cut the log. After
 * a crash at any point the same rows are sealed again, and every reading is found to be stored already.
 */
export class Sealer {
  readonly #logDb: Database.Database;
  readonly #meta: Meta;
  readonly #days: DayWriterPool;
  readonly #pace: Pace;
  readonly #troubles: Troubles;
  readonly #touched: (day: number, now: number) => void;
  /** Every series by its id. */
  readonly #series: SeriesRecord[] = [];
  readonly #columns: ReadingColumns = createColumns(65_536);

  /** `touched` is called before a day is written to. */
  constructor(
    logDb: Database.Database,
    days: DayWriterPool,
    pace: Pace,
    troubles: Troubles,
    touched: (day: number, now: number) => void,
  ) {
    this.#logDb = logDb;
    this.#meta = openMeta(logDb);
    this.#days = days;
    this.#pace = pace;
    this.#troubles = troubles;
    this.#touched = touched;
    for (const series of readSeries(logDb)) this.#series[series.id] = series;
  }

  seal(options: SealOptions): Sealed {
    const started = performance.now();
    const folding = createFolding(this.#series);
    const after = this.#meta.number('sealed_position');
    const gathered = this.#gather(after, options, folding);
    const written = this.#write(after, gathered.position, options.now);
    return {
      ...gathered,
      ...written,
      fold: folding.parts(),
      ms: performance.now() - started,
      restedMs: this.#pace.rested(),
    };
  }

  #gather(after: number, { readingsMax, erased }: SealOptions, folding: Folding): Gathered {
    const gathered: Gathered = { position: after, rows: 0, readings: 0 };
    this.#columns.readings = 0;
    this.#columns.strings = [];
    for (const row of logRows(this.#logDb, after)) {
      this.#learn(row.declared);
      folding.take(row);
      reserveReadings(this.#columns, row.readings.readings);
      appendReadings(this.#columns, row.readings, this.#series, erased);
      gathered.position = row.position;
      gathered.rows++;
      gathered.readings += row.readings.readings;
      if (gathered.readings >= readingsMax) break;
      this.#pace.rest();
    }
    return gathered;
  }

  #learn(declared: Declared | null): void {
    for (const series of declared?.series ?? []) this.#series[series.id] = series;
  }

  /** Writes the gathered readings, one run per day. */
  #write(after: number, position: number, now: number): Pick<Sealed, 'repeated' | 'days' | 'runsMax'> {
    const source = { epoch: this.#meta.text('epoch') ?? '', position, at: now };
    const byDay = splitByDay(this.#columns.ts, this.#columns.readings, dayOf);
    let repeated = 0;
    let runsMax = 0;
    for (const [day, picked] of byDay) {
      this.#touched(day, now);
      const into = this.#sealInto(day, picked, source, after);
      repeated += into.repeated;
      runsMax = Math.max(runsMax, into.runs);
    }
    return { repeated, days: byDay.size, runsMax };
  }

  /** A day whose files cannot be read or written is put aside. What fails for the disk as a whole fails the seal. */
  #sealInto(day: number, picked: Uint32Array, source: SealSource, after: number): { repeated: number; runs: number } {
    const append = (): { repeated: number; runs: number } => {
      const writer = this.#days.of(day);
      // After a crash between seal and cut the same rows are sealed again. These are not repeats of a device.
      const isSecondTime = writer.sealedPosition(source.epoch) > after;
      const { repeated } = writer.append(this.#columns, picked, this.#series, source);
      return { repeated: isSecondTime ? 0 : repeated, runs: writer.runs.length };
    };
    const wasAside = this.#days.isAside(day);
    try {
      return append();
    } catch (error) {
      this.#days.close(day);
      if (isOfDisk(error)) throw error;
      if (wasAside || !this.#days.putAside(day)) throw new DayFileError(day, error);
      this.#troubles.note(day, error, source.at);
      return append();
    }
  }
}

function appendReadings(
  to: ReadingColumns,
  from: ReadingColumns,
  known: readonly SeriesRecord[],
  erased: ReadonlySet<number>,
): void {
  const { readings, series, ts, value, strings } = from;
  if (strings.length === 0 && erased.size === 0) {
    to.series.set(series, to.readings);
    to.ts.set(ts, to.readings);
    to.value.set(value, to.readings);
    to.readings += readings;
    return;
  }
  for (let i = 0; i < readings; i++) {
    const { deviceKey, kind } = known[series[i]];
    if (erased.has(deviceKey)) continue;
    to.series[to.readings] = series[i];
    to.ts[to.readings] = ts[i];
    to.value[to.readings++] = kind === seriesKinds.string ? to.strings.push(strings[value[i]]) - 1 : value[i];
  }
}
