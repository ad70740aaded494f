import { existsSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { type SeriesKind, seriesKinds } from '../../domain/series.js';
import { at, type ChunkRow, createReadings, readingsMax, type SeriesReadings, unpack } from '../chunks/chunk.js';
import { openChunkReads } from '../chunks/chunkTable.js';
import { DamagedChunkError } from '../chunks/packing.js';
import { isDamage } from '../dayFiles/damage.js';
import { openDayForReading } from '../dayFiles/dayFile.js';
import { type DayFileKind, dayPath } from '../dayFiles/days.js';
import {
  type DaySeries,
  isOfRows,
  kindOfName,
  type Run,
  readDaySeries,
  readRuns,
  seriesIdentity,
} from '../dayFiles/dayTables.js';
import { isMissing } from '../dayFiles/dayWriterPool.js';
import { rowTable } from '../dayFiles/rowRuns.js';
import { openMeta } from '../sqlite/meta.js';
import { columnStatement, tupleStatement } from '../sqlite/statement.js';

/** Readings [from, to) of one series, in order of time. They are valid until the next block is asked for. */
export interface DayBlock {
  device: string;
  metric: string;
  unit: string | null;
  kind: SeriesKind;
  readings: SeriesReadings;
  from: number;
  to: number;
}

/** What to read of a day. `from` is inclusive, `to` exclusive, both Unix ms. */
export interface DaySelection {
  from: number;
  to: number;
  /** Ids; null: all devices. */
  devices: ReadonlySet<string> | null;
  /** Is called for each part that is damaged, which is left out. */
  damaged(): void;
}

/** The files of one day, in the state in which they were opened. */
export interface DaySnapshot {
  /** Changes whenever readings are added to the day or erased from it, and not when its runs are merged or the day is finished. */
  token: string;
  /** The files of the day that cannot be read, and are left out. */
  unreadable: number;
  /** By device, metric and time. */
  blocks(selection: DaySelection): Generator<DayBlock>;
  close(): void;
}

/**
 * Opens the readings of a day. Null if it has no file. The late file is opened first: if a rebuilt day file replaces both in between,
 * that one says that it has the late readings.
 */
export function openDaySnapshot(folder: string, day: number): DaySnapshot | null {
  let unreadable = isMissing(folder, day) && existsSync(dayPath(folder, day, 'late')) ? 1 : 0;
  const openReadable = (kind: DayFileKind): Database.Database | null => {
    try {
      return openFile(dayPath(folder, day, kind));
    } catch (error) {
      if (!isDamage(error)) throw error;
      unreadable++;
      return null;
    }
  };
  const aside = openReadable('aside');
  const late = openReadable('late');
  const readings = openReadable('readings');
  const files = [late, readings, aside].filter((file) => file !== null);
  if (late !== null && readings !== null && openMeta(readings).text('folded') === openMeta(late).text('file'))
    files.splice(0, 1)[0].close();
  if (files.length === 0 && unreadable === 0) return null;
  return {
    token: tokenOf(files),
    unreadable,
    blocks: (selection) => blocksOf(files, selection),
    close() {
      for (const file of files) file.close();
    },
  };
}

/** The transaction keeps the state of the file until it is closed. */
function openFile(path: string): Database.Database | null {
  if (!existsSync(path)) return null;
  const db = openDayForReading(path);
  db.exec('BEGIN');
  return db;
}

function tokenOf(files: readonly Database.Database[]): string {
  const readings = files.flatMap((file) => readRuns(file)).reduce((sum, run) => sum + run.readings, 0);
  const sealedAt = files.map(
    (file) => columnStatement<number | null>(file, 'SELECT max(sealed_at) FROM runs').get() ?? 0,
  );
  return `${readings}@${Math.max(...sealedAt)}`;
}

/** A series of the day, with its ids in the files. */
interface Wanted {
  series: DaySeries;
  identity: string;
  /** By the index of the file. */
  ids: (number | undefined)[];
}

function* blocksOf(files: readonly Database.Database[], selection: DaySelection): Generator<DayBlock> {
  const streams = files.map((file) => readRuns(file).flatMap((run) => streamOf(file, run, selection)));
  for (const group of groupsOf(files, selection)) {
    const active: Stream[] = [];
    for (const wanted of group)
      wanted.ids.forEach((id, file) => {
        if (id === undefined) return;
        // Series with one name, such as those of a device and of the one that it replaced, are read side by side.
        const own = group.length === 1 ? streams[file] : streams[file].map((stream) => stream.another());
        for (const stream of own) if (stream.begin(wanted, id)) active.push(stream);
      });
    yield* mergedByTime(active);
  }
}

/** The wanted series in order, those of one device and metric together. */
function groupsOf(files: readonly Database.Database[], { devices }: DaySelection): Wanted[][] {
  const byIdentity = new Map<string, Wanted>();
  files.forEach((file, index) => {
    for (const series of readDaySeries(file)) {
      if (devices !== null && !devices.has(series.device)) continue;
      const identity = seriesIdentity(series);
      let wanted = byIdentity.get(identity);
      if (wanted === undefined) {
        wanted = { series, identity, ids: [] };
        byIdentity.set(identity, wanted);
      }
      wanted.ids[index] = series.id;
    }
  });
  const byName = new Map<string, Wanted[]>();
  for (const wanted of byIdentity.values()) {
    // Neither ids of devices nor names of metrics have a space.
    const name = `${wanted.series.device} ${wanted.series.metric}`;
    const group = byName.get(name);
    if (group === undefined) byName.set(name, [wanted]);
    else group.push(wanted);
  }
  return [...byName.keys()].sort().map((name) => byName.get(name) as Wanted[]);
}

/** The readings of one series in one run. */
interface Stream {
  wanted: Wanted;
  readings: SeriesReadings;
  /** The readings [index, end) are next. */
  index: number;
  end: number;
  /** Begins with the series that has this id in the file. False if the run has no reading of it in the span. */
  begin(wanted: Wanted, id: number): boolean;
  /** Reads on, once index is at end. False after the last reading. */
  more(): boolean;
  /** A further stream of the same run. */
  another(): Stream;
}

const chunksPerRead = 16;

function streamOf(file: Database.Database, run: Run, selection: DaySelection): Stream[] {
  if (run.tsMax < selection.from || run.tsMin >= selection.to) return [];
  const open = (): Fill => (isOfRows(file) ? openRows(file, run, selection) : openChunks(file, run, selection));
  return [createStream(() => readable(open(), selection))];
}

/** Puts the next readings into `into` from 0 on; returns false after the last ones. `after` is the wanted series at its first call. */
type Fill = (into: SeriesReadings, wanted: Wanted, begun: number | null) => boolean;

/** What follows a page that SQLite finds damaged cannot be found. */
function readable(fill: Fill, { damaged }: DaySelection): Fill {
  return (...args) => {
    try {
      return fill(...args);
    } catch (error) {
      if (!isDamage(error)) throw error;
      damaged();
      return false;
    }
  };
}

function createStream(open: () => Fill): Stream {
  const fill = open();
  const stream: Stream = {
    wanted: null as unknown as Wanted,
    readings: createReadings(readingsMax),
    index: 0,
    end: 0,
    begin(wanted, id) {
      stream.wanted = wanted;
      return take(id);
    },
    more: () => take(null),
    another: () => createStream(open),
  };
  function take(begun: number | null): boolean {
    stream.readings.count = 0;
    stream.readings.texts.length = 0;
    const filled = fill(stream.readings, stream.wanted, begun);
    [stream.index, stream.end] = [0, stream.readings.count];
    return filled;
  }
  return stream;
}

function openChunks(file: Database.Database, run: Run, { from, to, damaged }: DaySelection): Fill {
  const reads = openChunkReads(file);
  let rows: ChunkRow[] = [];
  let next = 0;
  let series = 0;
  return (into, _wanted, begun) => {
    if (begun !== null) {
      series = begun;
      [rows, next] = [reads.ascending({ run: run.id, series, from, to, limit: chunksPerRead }), 0];
    }
    for (;;) {
      if (next === rows.length) {
        if (rows.length < chunksPerRead) return false;
        const last = rows[next - 1][at.t0];
        [rows, next] = [reads.ascendingAfter({ run: run.id, series, from: last, to, limit: chunksPerRead }), 0];
        if (rows.length === 0) return false;
      }
      try {
        unpack(rows[next++], into);
      } catch (error) {
        if (!(error instanceof DamagedChunkError)) throw error;
        damaged();
        continue;
      }
      if (keepSpan(into, from, to)) return true;
    }
  };
}

/** Leaves only the readings of the span. False if none is left. */
function keepSpan(readings: SeriesReadings, from: number, to: number): boolean {
  let [low, high] = [0, readings.count];
  while (low < high && readings.ts[low] < from) low++;
  while (high > low && readings.ts[high - 1] >= to) high--;
  if (low > 0) {
    readings.ts.copyWithin(0, low, high);
    readings.value.copyWithin(0, low, high);
    readings.texts.splice(0, low);
  }
  readings.count = high - low;
  if (readings.count === 0) readings.texts.length = 0;
  return readings.count > 0;
}

/** Of a day file of Tidegate 0.1. */
function openRows(file: Database.Database, run: Run, { from, to }: DaySelection): Fill {
  const select = tupleStatement<[ts: number, value: number | string], [series: number, from: number, to: number]>(
    file,
    `SELECT ts, value FROM ${rowTable(run.id)} WHERE series = ? AND ts >= ? AND ts < ? ORDER BY ts LIMIT ${readingsMax}`,
  );
  let series = 0;
  let low = from;
  return (into, { series: { kind } }, begun) => {
    if (begun !== null) [series, low] = [begun, from];
    const isText = kindOfName(kind) === seriesKinds.string;
    for (const [ts, value] of select.all(series, low, to)) {
      into.ts[into.count] = ts;
      if (isText) into.texts[into.count] = value as string;
      else into.value[into.count] = value as number;
      into.count++;
      low = ts + 1;
    }
    return into.count > 0;
  };
}

/** Merges streams by time. An identity that is in two of them, as in files that were restored from different backups, is taken once. */
function* mergedByTime(active: Stream[]): Generator<DayBlock> {
  const timeOf = ({ readings, index }: Stream): number => readings.ts[index];
  const advance = (stream: Stream): void => {
    if (stream.index >= stream.end && !stream.more()) active.splice(active.indexOf(stream), 1);
  };
  while (active.length > 0) {
    let first = active[0];
    let limit = Number.POSITIVE_INFINITY;
    for (let i = 1; i < active.length; i++) {
      const ts = timeOf(active[i]);
      if (ts < timeOf(first)) [limit, first] = [timeOf(first), active[i]];
      else if (ts < limit) limit = ts;
    }
    const { readings, wanted } = first;
    const from = first.index;
    const ts = timeOf(first);
    let to = from + 1;
    while (to < first.end && readings.ts[to] < limit) to++;
    const { device, metric, unit, kind } = wanted.series;
    yield { device, metric, unit, kind: kindOfName(kind), readings, from, to };
    first.index = to;
    advance(first);
    if (ts !== limit) continue;
    for (const other of active.slice())
      if (other !== first && other.wanted.identity === wanted.identity && timeOf(other) === ts) {
        other.index++;
        advance(other);
      }
  }
}
