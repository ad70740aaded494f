import type Database from 'better-sqlite3';
import type { Batch } from '../../columns/batch.js';
import type { Declared } from '../../domain/declared.js';
import { seriesKinds } from '../../domain/series.js';
import { openMeta } from '../sqlite/meta.js';
import { readSeries } from './foldTables.js';
import { encodeFrames, encodeReadings, timeRangeOf } from './logRow.js';
import { decodeRow, type LogRow, type StoredRow } from './logRows.js';

/** Looked through in one go: a commit waits for no more than this. */
const rowsPerSlice = 64;

/**
 * Takes a device's readings out of rows that are sealed and wait only for a cursor. Its frames stay as empty ones of no device,
 * since the place of a frame in its row is part of the name under which a bridge has sent it.
 */
export function createScrub(db: Database.Database) {
  const meta = openMeta(db);
  const next = db.prepare(
    `SELECT position, committed_at, declared, frames, strings, data FROM log WHERE position > ? AND position <= ? ORDER BY position LIMIT ${rowsPerSlice}`,
  );
  const put = db.prepare(`
    UPDATE log SET readings = ?, ts_min = ?, ts_max = ?, declared = ?, frames = ?, strings = ?, data = ? WHERE position = ?`);

  const slice = db.transaction((deviceKey: number, after: number): number | null => {
    const rows = next.all(after, meta.number('sealed_position')) as StoredRow[];
    const isText = rows.some(({ strings }) => strings !== null) ? textSeries(db) : new Set<number>();
    for (const stored of rows) {
      const row = decodeRow(stored);
      if (!mentions(row, deviceKey)) continue;
      const { batch, declared } = without(row, deviceKey, isText);
      const range = timeRangeOf(batch);
      const strings = batch.strings.length === 0 ? null : JSON.stringify(batch.strings);
      const frames = encodeFrames(batch, row.committedAt);
      const data = encodeReadings(batch, range);
      put.run(
        batch.readings,
        range?.min ?? null,
        range?.max ?? null,
        declared === null ? null : JSON.stringify(declared),
        frames,
        strings,
        data,
        row.position,
      );
    }
    return rows.length < rowsPerSlice ? null : rows[rows.length - 1].position;
  });
  return slice.immediate;
}

/** The series of a sealed row are folded. */
const textSeries = (db: Database.Database): Set<number> =>
  new Set(
    readSeries(db)
      .filter(({ kind }) => kind === seriesKinds.string)
      .map(({ id }) => id),
  );

function mentions({ frames, declared }: LogRow, deviceKey: number): boolean {
  if (frames.device.includes(deviceKey)) return true;
  const { series = [], streams = [], tables = [] } = declared ?? {};
  return [...series, ...streams, ...tables].some((one) => one.deviceKey === deviceKey);
}

function without({ frames, readings, declared }: LogRow, deviceKey: number, isText: ReadonlySet<number>) {
  const series: number[] = [];
  const ts: number[] = [];
  const value: number[] = [];
  const strings: string[] = [];
  const kept = (column: Uint32Array): Uint32Array => column.map((one, i) => (frames.device[i] === deviceKey ? 0 : one));
  for (let frame = 0, at = 0; frame < frames.count; frame++) {
    const end = at + frames.readings[frame];
    if (frames.device[frame] === deviceKey) at = end;
    for (; at < end; at++) {
      const id = readings.series[at];
      series.push(id);
      ts.push(readings.ts[at]);
      value.push(isText.has(id) ? strings.push(readings.strings[readings.value[at]]) - 1 : readings.value[at]);
    }
  }
  const batch: Batch = {
    readings: series.length,
    series: Uint32Array.from(series),
    ts: Float64Array.from(ts),
    value: Float64Array.from(value),
    strings,
    frames: frames.count,
    frameSeq: kept(frames.seq),
    frameStream: kept(frames.stream),
    frameReadings: kept(frames.readings),
    frameDevice: kept(frames.device),
    frameReceivedAt: frames.receivedAt,
    declared: { series: [], streams: [], tables: [] },
    rejected: [],
  };
  return { batch, declared: declared === null ? null : declaredWithout(declared, deviceKey) };
}

function declaredWithout({ series, streams, tables }: Declared, deviceKey: number): Declared {
  const others = <One extends { deviceKey: number }>(list: One[]): One[] =>
    list.filter((one) => one.deviceKey !== deviceKey);
  return { series: others(series), streams: others(streams), tables: others(tables) };
}
