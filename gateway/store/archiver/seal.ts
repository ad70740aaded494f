import type Database from 'better-sqlite3';
import { createLatest, type ReadingColumns } from '../../columns/latest.js';
import { seriesKinds } from '../../domain/device.js';
import { dayOf } from '../dayFiles/days.js';
import type { DayWriters } from '../dayFiles/dayWriters.js';
import { splitByDay } from '../dayFiles/runOrder.js';
import { foldParts } from '../logDb/foldParts.js';
import { readSeries } from '../logDb/foldTables.js';
import type { FrameColumns } from '../logDb/logRow.js';
import { logRows } from '../logDb/logRows.js';
import { openMeta } from '../sqlite/meta.js';
import type { Declared, Fold, Sealed, SeriesRecord } from '../threads/calls.js';
import type { Pace } from '../threads/pace.js';

export interface SealOptions {
  /** Stops reading the log at the first row that reaches this count. */
  readingsMax: number;
  /** Keys of devices whose readings are to be left out: they are being erased. */
  erased: ReadonlySet<number>;
  /** Unix ms. */
  now: number;
}

/**
 * Brings sealed rows into the day files. The rows themselves stay until the writer has folded the answer and cut the log, so
 * that a crash anywhere leads to the same rows being sealed again, and every reading being found there already.
 */
export function createSealer(
  logDb: Database.Database,
  days: DayWriters,
  pace: Pace,
  touched: (day: number, now: number) => void,
) {
  const meta = openMeta(logDb);
  const series: SeriesRecord[] = [];
  for (const one of readSeries(logDb)) series[one.id] = one;
  let columns = createColumns(65_536);

  /** Rows declare a series with its device; those of older versions are in the folded table. */
  function learn(declared: Declared | null): void {
    for (const one of declared?.series ?? []) if (one.device !== undefined) series[one.id] = one;
  }

  function seal({ readingsMax, erased, now }: SealOptions): Sealed {
    const started = performance.now();
    columns.readings = 0;
    columns.strings = [];
    const folding = createFolding(series);
    const after = meta.number('sealed_position');
    let position = after;
    let rows = 0;
    let logReadings = 0;
    for (const row of logRows(logDb, after)) {
      learn(row.declared);
      folding.take(row);
      columns = reserve(columns, row.readings.readings);
      appendReadings(columns, row.readings, series, erased);
      position = row.position;
      rows++;
      logReadings += row.readings.readings;
      if (logReadings >= readingsMax) break;
      pace.rest();
    }
    const source = { epoch: meta.text('epoch') ?? '', position, at: now };
    let repeated = 0;
    let runsMax = 0;
    const byDay = splitByDay(columns.ts, columns.readings, dayOf);
    for (const [day, picked] of byDay) {
      touched(day, now);
      const writer = days.of(day);
      // After a crash between seal and cut the same rows come again: those are no repeats of a device.
      const isSecondTime = writer.sealedPosition(source.epoch) > after;
      const found = writer.append(columns, picked, series, source).repeated;
      if (!isSecondTime) repeated += found;
      runsMax = Math.max(runsMax, writer.runs().length);
    }
    return {
      position,
      rows,
      readings: logReadings,
      repeated,
      days: byDay.size,
      runsMax,
      fold: folding.parts(),
      ms: performance.now() - started,
      restedMs: pace.rested(),
    };
  }

  return { seal };
}

function createColumns(size: number): ReadingColumns {
  return {
    readings: 0,
    series: new Uint32Array(size),
    ts: new Float64Array(size),
    value: new Float64Array(size),
    strings: [],
  };
}

function reserve(columns: ReadingColumns, more: number): ReadingColumns {
  const needed = columns.readings + more;
  if (needed <= columns.series.length) return columns;
  const grown = createColumns(Math.max(needed, 2 * columns.series.length));
  grown.series.set(columns.series);
  grown.ts.set(columns.ts);
  grown.value.set(columns.value);
  grown.readings = columns.readings;
  grown.strings = columns.strings;
  return grown;
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
    const one = known[series[i]];
    if (erased.has(one.deviceKey)) continue;
    to.series[to.readings] = series[i];
    to.ts[to.readings] = ts[i];
    to.value[to.readings++] = one.kind === seriesKinds.string ? to.strings.push(strings[value[i]]) - 1 : value[i];
  }
}

/** Gathers what the rows say beside their readings. */
function createFolding(series: readonly SeriesRecord[]) {
  const declared: Declared = { series: [], streams: [], tables: [] };
  const latest = createLatest();
  latest.reserve(series.length);
  const marks = createMarks();
  const isString = (id: number): boolean => series[id].kind === seriesKinds.string;

  function fold(): Fold {
    return {
      series: declared.series,
      streams: declared.streams.filter(({ kept }) => kept).map((stream) => ({ ...stream, ...marks.of(stream.id) })),
      tables: declared.tables,
      latest: latest.columns(),
      ...marks.columns(),
    };
  }

  return {
    take(row: { declared: Declared | null; frames: FrameColumns; readings: ReadingColumns }): void {
      if (row.declared !== null) {
        declared.series.push(...row.declared.series.map(({ id }) => series[id]));
        declared.streams.push(...row.declared.streams);
        declared.tables.push(...row.declared.tables);
        latest.reserve(series.length);
      }
      marks.take(row.frames);
      latest.take(row.readings, isString);
    },
    parts: () => foldParts(fold(), isString),
  };
}

/** Of each stream its highest number and its last frame's time; a device's last receipt follows from those of its streams. */
function createMarks() {
  const places = new Map<number, number>();
  let size = 1_024;
  let device = new Uint32Array(size);
  let mark = new Uint32Array(size);
  let usedAt = new Float64Array(size);

  function placeOf(stream: number, itsDevice: number): number {
    const known = places.get(stream);
    if (known !== undefined) return known;
    const place = places.size;
    if (place === size) grow();
    places.set(stream, place);
    device[place] = itsDevice;
    return place;
  }

  function grow(): void {
    size *= 2;
    const [moreDevice, moreMark, moreUsedAt] = [new Uint32Array(size), new Uint32Array(size), new Float64Array(size)];
    moreDevice.set(device);
    moreMark.set(mark);
    moreUsedAt.set(usedAt);
    [device, mark, usedAt] = [moreDevice, moreMark, moreUsedAt];
  }

  function receipts(): Fold['receipts'] {
    const last = new Map<number, number>();
    for (let place = 0; place < places.size; place++)
      if (usedAt[place] > (last.get(device[place]) ?? 0)) last.set(device[place], usedAt[place]);
    return { device: Uint32Array.from(last.keys()), at: Float64Array.from(last.values()) };
  }

  return {
    take(frames: FrameColumns): void {
      for (let i = 0; i < frames.count; i++) {
        const place = placeOf(frames.stream[i], frames.device[i]);
        if (frames.seq[i] > mark[place]) mark[place] = frames.seq[i];
        if (frames.receivedAt[i] > usedAt[place]) usedAt[place] = frames.receivedAt[i];
      }
    },
    of(stream: number): { mark: number; usedAt: number } {
      const place = places.get(stream);
      return place === undefined ? { mark: 0, usedAt: 0 } : { mark: mark[place], usedAt: usedAt[place] };
    },
    columns(): Pick<Fold, 'marks' | 'receipts'> {
      const count = places.size;
      const stream = Uint32Array.from(places.keys());
      return {
        marks: { stream, mark: mark.slice(0, count), usedAt: usedAt.slice(0, count) },
        receipts: receipts(),
      };
    },
  };
}
