import type Database from 'better-sqlite3';
import { limits } from '../../../schemas/tables/limits.js';
import { createLatest, type Latest } from '../../columns/latest.js';
import type { Declared, MarkedStream, MetricTableRecord } from '../../domain/declared.js';
import { type SeriesRecord, seriesKinds } from '../../domain/series.js';
import { clockStepBackMaxMs, laterOf } from '../../process/clock.js';
import { type Folded, readFolded } from '../logDb/folded.js';
import { type LogRow, logRows } from '../logDb/readRows.js';
import type { FrameColumns } from '../logDb/rowBlobs.js';
import type { Restored } from '../threads/restored.js';
import { readRecentTimes } from './recentTimes.js';

/** The stored state in log.db. */
export interface Replayed
  extends Pick<
    Restored,
    | 'series'
    | 'latest'
    | 'streams'
    | 'tables'
    | 'receipts'
    | 'recentTimes'
    | 'nextSeriesId'
    | 'nextStreamId'
    | 'newestCommitAt'
    | 'retentionPaused'
    | 'clockSteppedAheadMs'
    | 'sealedPosition'
    | 'position'
    | 'replayedReadings'
  > {
  /** The highest key of a device with data. */
  deviceKeyMax: number;
}

/** Restores the folded state, and applies the rows of the log that are not sealed yet. */
export function replayLog(db: Database.Database): Replayed {
  const folded = readFolded(db);
  const replay = new Replay(folded);
  for (const row of logRows(db, folded.sealedPosition)) replay.take(row);
  const result = replay.result();
  return { ...result, recentTimes: readRecentTimes(db, result.latest) };
}

class Replay {
  readonly #folded: Folded;
  readonly #series: Map<number, SeriesRecord>;
  readonly #streams: Map<number, MarkedStream>;
  readonly #tables: Map<string, MetricTableRecord>;
  /** By the key of the device: Unix ms. */
  readonly #receipts: Map<number, number>;
  readonly #latest: Latest;
  readonly #isString = (id: number): boolean => this.#series.get(id)?.kind === seriesKinds.string;
  #newestCommitAt: number;
  #position: number;
  #readings = 0;

  constructor(folded: Folded) {
    this.#folded = folded;
    this.#series = new Map(folded.series.map((series) => [series.id, series]));
    this.#streams = new Map(folded.streams.map((stream) => [stream.id, stream]));
    this.#tables = new Map(folded.tables.map((table) => [tableKey(table), table]));
    this.#receipts = new Map(folded.receipts);
    this.#latest = latestOf(folded);
    this.#newestCommitAt = folded.newestCommitAt;
    this.#position = folded.sealedPosition;
  }

  take({ position, committedAt, declared, frames, readings }: LogRow): void {
    this.#position = position;
    if (position > this.#folded.clockPosition) this.#newestCommitAt = Math.max(this.#newestCommitAt, committedAt);
    if (declared !== null) this.#learn(declared);
    this.#takeFrames(frames, committedAt + clockStepBackMaxMs);
    this.#readings += readings.readings;
    this.#latest.take(readings, this.#isString, committedAt + limits.timeAheadMaxMs);
  }

  result(): Omit<Replayed, 'recentTimes'> {
    const { sealedPosition, retentionPaused, clockSteppedAheadMs } = this.#folded;
    this.#bringBack();
    const series = [...this.#series.values()];
    const keys = [...this.#receipts.keys(), ...series.map(({ deviceKey }) => deviceKey)];
    return {
      series,
      latest: this.#latest.columns(),
      streams: [...this.#streams.values()],
      tables: [...this.#tables.values()],
      receipts: { device: Uint32Array.from(this.#receipts.keys()), at: Float64Array.from(this.#receipts.values()) },
      nextSeriesId: highest(this.#series.keys()) + 1,
      nextStreamId: highest(this.#streams.keys()) + 1,
      newestCommitAt: this.#newestCommitAt,
      sealedPosition,
      retentionPaused,
      clockSteppedAheadMs,
      position: this.#position,
      replayedReadings: this.#readings,
      deviceKeyMax: highest(keys),
    };
  }

  #learn({ series, streams, tables }: Declared): void {
    for (const record of series) {
      this.#series.set(record.id, record);
      this.#latest.reserve(record.id);
    }
    for (const stream of streams)
      if (!this.#streams.has(stream.id)) this.#streams.set(stream.id, { ...stream, mark: 0, usedAt: 0 });
    for (const table of tables) {
      // The last declared table is the last of the map, because the gateway drops the first declared ones.
      this.#tables.delete(tableKey(table));
      this.#tables.set(tableKey(table), table);
    }
  }

  /** Marks after the newest commit that is evidence of the time were set by a clock that was declared wrong. */
  #bringBack(): void {
    if (this.#newestCommitAt === 0) return;
    const at = this.#newestCommitAt + clockStepBackMaxMs;
    for (const [device, receipt] of this.#receipts) if (receipt > at) this.#receipts.set(device, at);
    for (const stream of this.#streams.values()) stream.usedAt = Math.min(stream.usedAt, at);
    this.#latest.forgetAfter(this.#newestCommitAt + limits.timeAheadMaxMs);
  }

  /** Nothing that was received lies after `limit`, Unix ms. */
  #takeFrames(frames: FrameColumns, limit: number): void {
    for (let i = 0; i < frames.count; i++) {
      const at = frames.receivedAt[i];
      const stream = this.#streams.get(frames.stream[i]);
      if (stream !== undefined) {
        stream.mark = Math.max(stream.mark, frames.seq[i]);
        stream.usedAt = laterOf(stream.usedAt, at, limit);
      }
      const known = this.#receipts.get(frames.device[i]) ?? 0;
      const later = laterOf(known, at, limit);
      if (later !== known) this.#receipts.set(frames.device[i], later);
    }
  }
}

function latestOf({ latest: rows, series }: Folded): Latest {
  const latest = createLatest();
  latest.reserve(series.at(-1)?.id ?? 0);
  const strings: string[] = [];
  const value = Float64Array.from(rows, ([, , stored]) =>
    typeof stored === 'string' ? strings.push(stored) - 1 : stored,
  );
  const texts = new Set(rows.filter(([, , stored]) => typeof stored === 'string').map(([id]) => id));
  const ids = Uint32Array.from(rows, ([id]) => id);
  const ts = Float64Array.from(rows, ([, at]) => at);
  latest.reserve(highest(ids));
  latest.take(
    { readings: rows.length, series: ids, ts, value, strings },
    (id) => texts.has(id),
    Number.POSITIVE_INFINITY,
  );
  return latest;
}

const tableKey = ({ deviceKey, table }: MetricTableRecord): string => `${deviceKey}/${table}`;

function highest(ids: Iterable<number>): number {
  let max = 0;
  for (const id of ids) if (id > max) max = id;
  return max;
}
