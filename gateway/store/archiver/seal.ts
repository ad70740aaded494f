import type Database from 'better-sqlite3';
import { createColumns, type ReadingColumns, reserve } from '../../columns/readingColumns.js';
import type { Declared } from '../../domain/declared.js';
import { type SeriesRecord, seriesKinds } from '../../domain/series.js';
import { dayOf } from '../dayFiles/days.js';
import type { DayWriters } from '../dayFiles/dayWriters.js';
import { splitByDay } from '../dayFiles/runOrder.js';
import { readSeries } from '../logDb/foldTables.js';
import { logRows } from '../logDb/logRows.js';
import { openMeta } from '../sqlite/meta.js';
import type { Sealed } from '../threads/calls.js';
import type { Pace } from '../threads/pace.js';
import { createFolding } from './folding.js';

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
