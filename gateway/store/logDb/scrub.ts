import type Database from 'better-sqlite3';
import type { Batch } from '../../columns/batch.js';
import type { Declared } from '../../domain/declared.js';
import { seriesKinds } from '../../domain/series.js';
import { openMeta } from '../sqlite/meta.js';
import { statement } from '../sqlite/statement.js';
import { readSeries } from './folded.js';
import { decodeRow, type LogRow, rowColumns, type StoredRow } from './readRows.js';
import { encodeFrames, encodeReadings, timeRangeOf } from './rowBlobs.js';

/** The number of rows per slice. A commit waits for at most one slice. */
const rowsPerSlice = 64;

/**
 * Removes a device's readings from a slice of the rows after a position that are sealed and wait only for a cursor. Returns the
 * position to continue after, or null if no row is left. The device's frames stay, empty and without a device, because the place of a
 * frame in its row is part of the message id of the bridge.
 */
export function createScrub(db: Database.Database): (deviceKey: number, after: number) => number | null {
  const meta = openMeta(db);
  const next = statement<StoredRow, [after: number, upTo: number]>(
    db,
    `SELECT ${rowColumns} FROM log WHERE position > ? AND position <= ? ORDER BY position LIMIT ${rowsPerSlice}`,
  );
  const put = db.prepare(`
    UPDATE log SET readings = ?, ts_min = ?, ts_max = ?, declared = ?, frames = ?, strings = ?, data = ? WHERE position = ?`);

  const slice = db.transaction((deviceKey: number, after: number): number | null => {
    const rows = next.all(after, meta.number('sealed_position'));
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

/** The ids of series with strings. The series of every sealed row are folded. */
const textSeries = (db: Database.Database): Set<number> =>
  new Set(
    readSeries(db)
      .filter(({ kind }) => kind === seriesKinds.string)
      .map(({ id }) => id),
  );

function mentions({ frames, declared }: LogRow, deviceKey: number): boolean {
  if (frames.device.includes(deviceKey)) return true;
  const { series = [], streams = [], tables = [] } = declared ?? {};
  return [...series, ...streams, ...tables].some((declaration) => declaration.deviceKey === deviceKey);
}

function without(
  { frames, readings, declared }: LogRow,
  deviceKey: number,
  isText: ReadonlySet<number>,
): { batch: Batch; declared: Declared | null } {
  const series: number[] = [];
  const ts: number[] = [];
  const value: number[] = [];
  const strings: string[] = [];
  const late: number[] = [];
  const isLate = new Set(readings.late);
  const kept = (column: Uint32Array): Uint32Array<ArrayBuffer> =>
    column.map((entry, i) => (frames.device[i] === deviceKey ? 0 : entry));
  for (let frame = 0, at = 0; frame < frames.count; frame++) {
    const end = at + frames.readings[frame];
    if (frames.device[frame] === deviceKey) at = end;
    for (; at < end; at++) {
      const id = readings.series[at];
      if (isLate.has(at)) late.push(series.length);
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
    ...(late.length > 0 && { late: Uint32Array.from(late) }),
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
  const others = <Declaration extends { deviceKey: number }>(list: Declaration[]): Declaration[] =>
    list.filter((declaration) => declaration.deviceKey !== deviceKey);
  return { series: others(series), streams: others(streams), tables: others(tables) };
}
