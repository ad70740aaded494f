import type Database from 'better-sqlite3';
import { createLatest } from '../latest.js';
import { type Series, seriesKinds } from '../types.js';
import type { Declared, MetricTableRecord, Restored, StreamRecord } from './calls.js';
import { decodeFrames, decodeReadings, stringsOf } from './logRow.js';

interface LogRow {
  position: number;
  committed_at: number;
  declared: string | null;
  frames: Buffer;
  strings: string | null;
  data: Buffer;
}

type Replayed = Omit<Restored, 'devices' | 'keys' | 'nextDeviceKey' | 'replayMs' | 'sqliteVersion'>;

/** Reads the commit log from its start: what the gateway must know of the past, but for the readings themselves. */
export function replayLog(db: Database.Database): Replayed {
  const series = new Map<number, Series>();
  const streams = new Map<number, Restored['streams'][number]>();
  const tables = new Map<string, MetricTableRecord>();
  const receipts = new Map<number, number>();
  const latest = createLatest();
  let replayedReadings = 0;
  let newestCommitAt = 0;

  function learn(declared: Declared): void {
    for (const one of declared.series) {
      series.set(one.id, one);
      latest.reserve(one.id);
    }
    for (const one of declared.streams) streams.set(one.id, { ...one, mark: 0, usedAt: 0 });
    for (const table of declared.tables) {
      const key = `${table.deviceKey}/${table.table}`;
      tables.delete(key);
      tables.set(key, table);
    }
  }

  for (const row of rowsOf(db)) {
    newestCommitAt = Math.max(newestCommitAt, row.committed_at);
    if (row.declared !== null) learn(JSON.parse(row.declared) as Declared);
    const frames = decodeFrames(row.frames, row.committed_at);
    for (let i = 0; i < frames.count; i++) {
      const at = frames.receivedAt[i];
      const stream = streams.get(frames.stream[i]);
      if (stream !== undefined) {
        stream.mark = Math.max(stream.mark, frames.seq[i]);
        stream.usedAt = Math.max(stream.usedAt, at);
      }
      if (at > (receipts.get(frames.device[i]) ?? 0)) receipts.set(frames.device[i], at);
    }
    const readings = decodeReadings(row.data);
    replayedReadings += readings.readings;
    readings.strings = stringsOf(row.strings);
    latest.take(readings, (id) => series.get(id)?.kind === seriesKinds.string);
  }

  return {
    series: [...series.values()],
    latest: latest.columns(),
    streams: [...streams.values()],
    tables: [...tables.values()],
    receipts: { device: Uint32Array.from(receipts.keys()), at: Float64Array.from(receipts.values()) },
    nextSeriesId: highest(series) + 1,
    nextStreamId: highest(streams as Map<number, StreamRecord>) + 1,
    newestCommitAt,
    replayedReadings,
  };
}

function* rowsOf(db: Database.Database): Generator<LogRow> {
  const next = db.prepare(
    'SELECT position, committed_at, declared, frames, strings, data FROM log WHERE position > ? ORDER BY position LIMIT 64',
  );
  for (let after = 0; ; ) {
    const rows = next.all(after) as LogRow[];
    if (rows.length === 0) return;
    yield* rows;
    after = rows[rows.length - 1].position;
  }
}

function highest(map: Map<number, unknown>): number {
  let max = 0;
  for (const id of map.keys()) if (id > max) max = id;
  return max;
}
