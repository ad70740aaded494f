import { existsSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { type Scalar, type SeriesKind, seriesKinds } from '../../domain/device.js';
import { type KindName, kindOfName, type Run, runTable } from '../dayFiles/dayFile.js';
import { type DayFiles, dayMs } from '../dayFiles/days.js';
import { type RollupTable, rollupFor, rollups } from '../dayFiles/rollup.js';
import type { BucketRow, DeviceIdentity, ReadingRow, ReadingsQuery } from '../threads/calls.js';
import type { DayHandle, DayHandles } from './dayHandles.js';

/** Rows of one series and file in order, fetched in chunks. */
export interface Source<Row> {
  /** The present row; null once there are no more. */
  row: Row | null;
  advance(): void;
}

/** A bucket's part of one source. `firstAt` and `lastAt` are when its first and last reading were. */
export interface BucketPart extends BucketRow {
  firstAt: number;
  lastAt: number;
}

/** One file of a day, open for one query, with those of the wanted series that it has. */
interface OpenFile {
  file: DayHandle;
  runs: Run[];
  series: { local: number; id: number; kind: SeriesKind }[];
}

export type OpenDay = ReturnType<typeof openDay>;

/**
 * The files of one day, for one query, each as it was when it was opened. The late file is opened before the day file: when
 * both are replaced by one in between, the second one opened has what the first has, and says so.
 */
export function openDay(handles: DayHandles, files: DayFiles, query: ReadingsQuery) {
  const opened = openFile(handles, files.late, query);
  const readings = openFile(handles, files.readings, query);
  const late = opened !== null && readings !== null && hasTakenIn(readings, opened) ? closed(opened) : opened;
  const rollup = openRollup(handles, files, query, late === null ? readings : null);
  const open = [late, readings].filter((file) => file !== null);
  const from = Math.max(query.from, files.day * dayMs);
  const to = Math.min(query.to, (files.day + 1) * dayMs);

  function readingSources(): Source<ReadingRow>[] {
    return open.flatMap((file) => {
      const select = selectReadings(file, from, to, query.order);
      if (select === null) return [];
      return file.series.map((series) => readingSource(file.file, select, series, from, to, query));
    });
  }

  function bucketSources(everyMs: number): Source<BucketPart>[] {
    const rolled = new Set<number>();
    const sources: Source<BucketPart>[] = [];
    const table = rollupFor(everyMs);
    const perChunk = bucketsPerChunk(query.series.length);
    if (rollup !== null && table !== null) {
      const span = rollupSpan(from, to, rollups[table], readings === null);
      for (const series of span === null ? [] : seriesIn(rollup, table)) {
        rolled.add(series.id);
        sources.push(
          rollupSource(rollup.file, table, series, span as [number, number], everyMs, query.order, perChunk),
        );
      }
    }
    for (const file of open) {
      const select = prepareBuckets(file, from, to, everyMs, query.order);
      if (select === null) continue;
      for (const series of file.series)
        if (!rolled.has(series.id))
          sources.push(bucketSource(select, series, from, to, everyMs, query.order, perChunk));
    }
    return sources;
  }

  /** Whether a reading of the log is in the day's files already. */
  function createStored(): (series: number, ts: number) => boolean {
    const lookups = open.flatMap((file) =>
      file.runs.map((run) => ({
        run,
        locals: new Map(file.series.map(({ id, local }) => [id, local])),
        has: file.file.prepare(`SELECT 1 FROM ${runTable(run)} WHERE series = ? AND ts = ?`).pluck(),
      })),
    );
    return (series, ts) =>
      lookups.some(({ run, locals, has }) => {
        const local = locals.get(series);
        return local !== undefined && ts >= run.tsMin && ts <= run.tsMax && has.get(local, ts) !== undefined;
      });
  }

  return {
    readingSources,
    bucketSources,
    createStored,
    close(): void {
      for (const one of [...open, rollup]) one?.file.close();
    },
  };
}

function openFile(handles: DayHandles, path: string | null, query: ReadingsQuery): OpenFile | null {
  const file = path === null ? null : handles.open(path);
  return file === null ? null : { file, runs: file.runs(), series: wantedSeries(file, query) };
}

const hasTakenIn = (day: OpenFile, late: OpenFile): boolean => day.file.meta('folded') === late.file.meta('file');

function closed({ file }: OpenFile): null {
  file.close();
  return null;
}

/** The rollup, if it may stand for the day's readings: they have left, or it was made from all of them. */
function openRollup(
  handles: DayHandles,
  files: DayFiles,
  query: ReadingsQuery,
  readings: OpenFile | null,
): OpenFile | null {
  if (query.everyMs === null || rollupFor(query.everyMs) === null) return null;
  if (readings === null && files.readings !== null && existsSync(files.readings)) return null;
  const rollup = files.rollup === null ? null : handles.open(files.rollup);
  if (rollup === null) return null;
  const finished = readings === null ? null : readings.file.meta('finished');
  if (readings !== null && (finished === null || rollup.meta('of') !== finished)) {
    rollup.close();
    return null;
  }
  return { file: rollup, runs: [], series: wantedSeries(rollup, query) };
}

function wantedSeries(file: DayHandle, { device, series }: ReadingsQuery): OpenFile['series'] {
  const ids = new Map(series.map(({ metric, id }) => [metric, id]));
  return seriesOfDevice(file, device).flatMap(({ id: local, metric, kind }) => {
    const id = ids.get(metric);
    return id === undefined ? [] : [{ local, id, kind: kindOfName(kind) }];
  });
}

function seriesOfDevice(file: DayHandle, { id, key, createdAt }: DeviceIdentity) {
  return file
    .prepare('SELECT id, metric, kind FROM series WHERE device = ? AND device_key = ? AND device_created_at = ?')
    .all(id, key, createdAt) as { id: number; metric: string; kind: KindName }[];
}

type Order = ReadingsQuery['order'];
type WantedSeries = OpenFile['series'][number];

const overlapping = (runs: Run[], from: number, to: number): Run[] =>
  runs.filter(({ tsMin, tsMax }) => tsMax >= from && tsMin < to);

const armsOf = (runs: Run[]): string =>
  runs
    .map((run) => `SELECT ts, value FROM ${runTable(run)} WHERE series = :series AND ts >= :from AND ts < :to`)
    .join(' UNION ALL ');

const direction = (order: Order): string => (order === 'asc' ? 'ASC' : 'DESC');

function selectReadings({ runs }: OpenFile, from: number, to: number, order: Order): string | null {
  const arms = overlapping(runs, from, to);
  if (arms.length === 0) return null;
  return `${armsOf(arms)} ORDER BY ts ${direction(order)} LIMIT :limit`;
}

function readingSource(
  file: DayHandle,
  select: string,
  { local, id, kind }: WantedSeries,
  from: number,
  to: number,
  { order, limit: wanted, series: { length } }: ReadingsQuery,
): Source<ReadingRow> {
  // A page of one series is read in one piece or few, that of many in small ones: with the row behind it, and the one it is after.
  let limit = Math.min(4_096, Math.max(64, Math.ceil((wanted + 2) / length)));
  const fetch = (low: number, high: number): ReadingRow[] => {
    const rows: ReadingRow[] = [];
    file.each(select, { series: local, from: low, to: high, limit }, (ts, value) => {
      rows.push({ series: id, ts, value: scalarOfStored(kind, value) });
    });
    return rows;
  };
  return chunked(
    (last) => {
      if (last !== null) limit = Math.min(4_096, 4 * limit);
      if (last === null) return fetch(from, to);
      return order === 'asc' ? fetch(last.ts + 1, to) : fetch(from, last.ts);
    },
    (rows) => rows.length < limit,
  );
}

/** A source that fetches its next rows, given the last one it had; `isLast` tells a chunk that no other follows. */
function chunked<Row>(fetch: (last: Row | null) => Row[] | null, isLast: (rows: Row[]) => boolean): Source<Row> {
  let rows: Row[] = [];
  let at = 0;
  let ended = false;
  const source: Source<Row> = {
    row: null,
    advance(): void {
      at++;
      while (at >= rows.length && !ended) {
        const next = fetch(rows.at(-1) ?? null);
        ended = next === null || isLast(next);
        rows = next ?? [];
        at = 0;
      }
      source.row = at < rows.length ? rows[at] : null;
    },
  };
  source.advance();
  return source;
}

export function scalarOfStored(kind: SeriesKind, value: number | string): Scalar {
  return kind === seriesKinds.boolean ? value === 1 : value;
}

type StoredBucket = [
  ts: number,
  count: number,
  min: number | null,
  max: number | null,
  sum: number | null,
  first: number | string,
  last: number | string,
  firstAt: number,
  lastAt: number,
];

function partOf(id: number, kind: SeriesKind, everyMs: number, row: StoredBucket): BucketPart {
  const [ts, count, min, max, sum, first, last, firstAt, lastAt] = row;
  const number = kind === seriesKinds.number;
  return {
    series: id,
    ts: Math.floor(ts / everyMs) * everyMs,
    count,
    min: number ? min : null,
    max: number ? max : null,
    sum: number ? sum : null,
    first: scalarOfStored(kind, first),
    last: scalarOfStored(kind, last),
    firstAt,
    lastAt,
  };
}

/** SQLite gathers the buckets; the width is part of the text, since a bound number would divide as a fraction. */
function prepareBuckets({ file, runs }: OpenFile, from: number, to: number, everyMs: number, order: Order) {
  const arms = overlapping(runs, from, to);
  if (arms.length === 0) return null;
  const valueAt = (time: string): string =>
    `(${arms.map((run) => `SELECT value FROM ${runTable(run)} WHERE series = :series AND ts = ${time}`).join(' UNION ALL ')} LIMIT 1)`;
  return file
    .prepare(`
      SELECT bucket * ${everyMs}, count, min, max, sum, ${valueAt('first_at')}, ${valueAt('last_at')}, first_at, last_at FROM (
        SELECT ts / ${everyMs} AS bucket, count(*) AS count, min(value) AS min, max(value) AS max, sum(value) AS sum,
          min(ts) AS first_at, max(ts) AS last_at
        FROM (${armsOf(arms)}) GROUP BY bucket
      ) ORDER BY bucket ${direction(order)}`)
    .raw();
}

/** Buckets of one device in memory at once; the series of a query share them. */
const bucketsMax = 65_536;

const bucketsPerChunk = (series: number): number => Math.max(16, Math.min(1_024, Math.floor(bucketsMax / series)));

function bucketSource(
  select: Database.Statement,
  { local, id, kind }: WantedSeries,
  from: number,
  to: number,
  everyMs: number,
  order: Order,
  perChunk: number,
): Source<BucketPart> {
  const width = perChunk * everyMs;
  const chunks = spansOf(from, to, width, order);
  return chunked<BucketPart>(
    () => {
      const span = chunks.next();
      if (span.done) return null;
      const [low, high] = span.value;
      const rows = select.all({ series: local, from: low, to: high }) as StoredBucket[];
      return rows.map((row) => partOf(id, kind, everyMs, row));
    },
    () => false,
  );
}

/** [from, to) cut at multiples of `width`. */
function* spansOf(from: number, to: number, width: number, order: Order): Generator<[number, number]> {
  const first = Math.floor(from / width);
  const last = Math.floor((to - 1) / width);
  for (let i = 0; i <= last - first; i++) {
    const index = order === 'asc' ? first + i : last - i;
    yield [Math.max(from, index * width), Math.min(to, (index + 1) * width)];
  }
}

/** The part of [from, to) that whole buckets of this width make up; null where readings are there to do it better. */
function rollupSpan(from: number, to: number, width: number, isAllThereIs: boolean): [number, number] | null {
  if (from % width === 0 && to % width === 0) return [from, to];
  if (!isAllThereIs) return null;
  return [Math.ceil(from / width) * width, Math.floor(to / width) * width];
}

/** The hour table has every series; the minute table only those that are dense enough. */
function seriesIn({ file, series }: OpenFile, table: RollupTable): WantedSeries[] {
  if (table === 'rollup_1h') return series;
  const has = file.prepare(`SELECT 1 FROM ${table} WHERE series = ? LIMIT 1`).pluck();
  return series.filter(({ local }) => has.get(local) !== undefined);
}

function rollupSource(
  file: DayHandle,
  table: RollupTable,
  { local, id, kind }: WantedSeries,
  [from, to]: [number, number],
  everyMs: number,
  order: Order,
  perChunk: number,
): Source<BucketPart> {
  const select = file
    .prepare(
      `SELECT ts, count, min, max, sum, first, last, ts + first_after, ts + last_after FROM ${table} WHERE series = ? AND ts >= ? AND ts < ? ORDER BY ts ${direction(order)}`,
    )
    .raw();
  const chunks = spansOf(from, to, perChunk * rollups[table], order);
  return chunked<BucketPart>(
    () => {
      const span = chunks.next();
      if (span.done) return null;
      return (select.all(local, ...span.value) as StoredBucket[]).map((row) => partOf(id, kind, everyMs, row));
    },
    () => false,
  );
}
