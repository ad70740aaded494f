import type Database from 'better-sqlite3';
import { createLatest } from '../../columns/latest.js';
import type { Declared, MetricTableRecord } from '../../domain/declared.js';
import type { Device } from '../../domain/device.js';
import { type SeriesRecord, seriesKinds } from '../../domain/series.js';
import { readFolded } from '../logDb/foldTables.js';
import { logRows } from '../logDb/logRows.js';
import type { Restored } from '../threads/calls.js';

type Replayed = Omit<
  Restored,
  | 'devices'
  | 'keys'
  | 'presence'
  | 'cursors'
  | 'erasures'
  | 'commands'
  | 'batches'
  | 'nextDeviceKey'
  | 'replayMs'
  | 'sqliteVersion'
> & {
  /** Declared before series carried their device: they are to be folded at once. */
  unnamedSeries: SeriesRecord[];
  /** No device with data has a higher key. */
  deviceKeyMax: number;
};

/** What the gateway must know of the past: what was folded, and over it the rows of the log that are not yet sealed. */
export function replayLog(db: Database.Database, devices: readonly Device[]): Replayed {
  const folded = readFolded(db);
  const byKey = new Map(devices.map((device) => [device.key, device]));
  const series = new Map(folded.series.map((one) => [one.id, one]));
  const streams = new Map(folded.streams.map((stream) => [stream.id, stream]));
  const tables = new Map(folded.tables.map((table) => [tableKey(table), table]));
  const receipts = new Map(folded.receipts);
  const unnamedSeries: SeriesRecord[] = [];
  const latest = latestOf(folded.latest, folded.series);
  const isString = (id: number): boolean => series.get(id)?.kind === seriesKinds.string;
  let { newestCommitAt, sealedPosition: position } = folded;
  let replayedReadings = 0;

  function learn(declared: Declared): void {
    for (const one of declared.series) {
      const known = one.device === undefined ? named(one, byKey.get(one.deviceKey)) : one;
      if (known !== one) unnamedSeries.push(known);
      series.set(one.id, known);
      latest.reserve(one.id);
    }
    for (const one of declared.streams) if (!streams.has(one.id)) streams.set(one.id, { ...one, mark: 0, usedAt: 0 });
    for (const table of declared.tables) {
      tables.delete(tableKey(table));
      tables.set(tableKey(table), table);
    }
  }

  for (const row of logRows(db, folded.sealedPosition)) {
    position = row.position;
    if (row.position > folded.clockPosition) newestCommitAt = Math.max(newestCommitAt, row.committedAt);
    if (row.declared !== null) learn(row.declared);
    const { frames, readings } = row;
    for (let i = 0; i < frames.count; i++) {
      const at = frames.receivedAt[i];
      const stream = streams.get(frames.stream[i]);
      if (stream !== undefined) {
        stream.mark = Math.max(stream.mark, frames.seq[i]);
        stream.usedAt = Math.max(stream.usedAt, at);
      }
      if (at > (receipts.get(frames.device[i]) ?? 0)) receipts.set(frames.device[i], at);
    }
    replayedReadings += readings.readings;
    latest.take(readings, isString);
  }

  const keys = [...receipts.keys(), ...[...series.values()].map((one) => one.deviceKey)];
  return {
    series: [...series.values()],
    latest: latest.columns(),
    streams: [...streams.values()],
    tables: [...tables.values()],
    receipts: { device: Uint32Array.from(receipts.keys()), at: Float64Array.from(receipts.values()) },
    nextSeriesId: highest(series.keys()) + 1,
    nextStreamId: highest(streams.keys()) + 1,
    newestCommitAt,
    sealedPosition: folded.sealedPosition,
    retentionPaused: folded.retentionPaused,
    position,
    replayedReadings,
    unnamedSeries,
    deviceKeyMax: highest(keys),
  };
}

/** Rows written before 0.1.0 named no device; the registry knows it, unless it was removed since. */
function named(one: SeriesRecord, device: Device | undefined): SeriesRecord {
  return device === undefined
    ? { ...one, device: `removed-${one.deviceKey}`, deviceCreatedAt: 0 }
    : { ...one, device: device.id, deviceCreatedAt: device.createdAt };
}

function latestOf(rows: readonly [number, number, number | string][], series: readonly SeriesRecord[]) {
  const latest = createLatest();
  latest.reserve(series.at(-1)?.id ?? 0);
  const strings: string[] = [];
  const value = Float64Array.from(rows, ([, , value]) => (typeof value === 'string' ? strings.push(value) - 1 : value));
  const texts = new Set(rows.filter(([, , value]) => typeof value === 'string').map(([id]) => id));
  const ids = Uint32Array.from(rows, ([id]) => id);
  const ts = Float64Array.from(rows, ([, at]) => at);
  latest.reserve(highest(ids));
  latest.take({ readings: rows.length, series: ids, ts, value, strings }, (id) => texts.has(id));
  return latest;
}

const tableKey = ({ deviceKey, table }: MetricTableRecord): string => `${deviceKey}/${table}`;

function highest(ids: Iterable<number>): number {
  let max = 0;
  for (const id of ids) if (id > max) max = id;
  return max;
}
