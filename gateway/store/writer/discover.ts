import type Database from 'better-sqlite3';
import { limits } from '../../../schemas/tables/limits.js';
import { createLatest, type Latest } from '../../columns/latest.js';
import type { ReadingColumns } from '../../columns/readingColumns.js';
import type { Device } from '../../domain/device.js';
import { type SeriesRecord, seriesKinds } from '../../domain/series.js';
import { isDamage } from '../dayFiles/damage.js';
import { openDayForReading } from '../dayFiles/dayFile.js';
import { listDays } from '../dayFiles/days.js';
import { type DaySeries, kindOfName, readDaySeries, readRuns, seriesIdentity } from '../dayFiles/dayTables.js';
import { openLookup } from '../dayFiles/lookup.js';
import { lastPosition } from '../logDb/cursorTable.js';
import { openMeta } from '../sqlite/meta.js';
import { newEpoch } from '../sqlite/migrate.js';
import { statement } from '../sqlite/statement.js';
import type { Replayed } from './replay.js';

export interface Discovered {
  /** The series of the files, also those that the log knows. */
  series: SeriesRecord[];
  latest: ReadingColumns;
}

/**
 * The epoch and position of a run show whether a day file and the log belong together. If a file has runs that this log did not
 * make, the file or the log was restored from a backup. Then the files may have series that the log does not know. They are
 * added for devices that the registry knows, and so are newer values of known series. The log gets a new epoch, because its
 * positions are used a second time from now on. Day files name devices by id, key and time of creation, so no reading is given to
 * another device. Null if everything belongs together.
 */
export function discoverSeries(
  folder: string,
  logDb: Database.Database,
  devices: readonly Device[],
  { series: known, nextSeriesId, newestCommitAt }: Pick<Replayed, 'series' | 'nextSeriesId' | 'newestCommitAt'>,
): Discovered | null {
  const meta = openMeta(logDb);
  const familiar = new Set<string>(JSON.parse(meta.text('familiar_epochs') ?? '[]'));
  const epoch = meta.text('epoch') ?? '';
  const position = lastPosition(logDb);
  const files = listDays(folder).flatMap(({ readings, late, aside }) =>
    [readings, late, aside].filter((path) => path !== null),
  );
  const foreign = new Set<string>();
  for (const path of files)
    for (const run of sourcesOf(path))
      if (!familiar.has(run.epoch) && (run.epoch !== epoch || run.position > position)) foreign.add(run.epoch);
  if (foreign.size === 0) return null;
  const timeMax = newestCommitAt === 0 ? Number.POSITIVE_INFINITY : newestCommitAt + limits.timeAheadMaxMs;
  const finds = new Finds(devices, known, nextSeriesId, timeMax);
  for (const path of files) orNothing(undefined, () => finds.takeFile(path));
  logDb.transaction(() => {
    meta.set('familiar_epochs', JSON.stringify([...familiar, ...foreign, epoch]));
    meta.set('epoch', newEpoch());
  })();
  return finds.result();
}

/** The logs that the runs of a file come from, each with its last position. None if the file cannot be used. */
function sourcesOf(path: string): { epoch: string; position: number }[] {
  return orNothing([], () => runSources(path));
}

function orNothing<Result>(nothing: Result, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!isDamage(error)) throw error;
    return nothing;
  }
}

function runSources(path: string): { epoch: string; position: number }[] {
  const db = openDayForReading(path);
  try {
    return statement<{ epoch: string; position: number }>(
      db,
      'SELECT epoch, max(position) AS position FROM runs GROUP BY epoch',
    ).all();
  } finally {
    db.close();
  }
}

class Finds {
  readonly #devices: Map<string, Device>;
  /** DEVICE KEY/METRIC of every series. */
  readonly #metrics: Set<string>;
  readonly #known: Map<string, SeriesRecord>;
  readonly #series = new Map<string, SeriesRecord>();
  readonly #latest: Latest = createLatest();
  readonly #strings: string[] = [];
  /** Readings after this, Unix ms, lie further ahead than the rules allow, and are never the latest. */
  readonly #timeMax: number;
  #nextId: number;

  constructor(devices: readonly Device[], known: readonly SeriesRecord[], nextSeriesId: number, timeMax: number) {
    this.#devices = new Map(devices.map((device) => [device.id, device]));
    this.#metrics = new Set(known.map(({ deviceKey, metric }) => `${deviceKey}/${metric}`));
    this.#known = new Map(known.map((record) => [seriesIdentity(record), record]));
    this.#nextId = nextSeriesId;
    this.#timeMax = timeMax;
  }

  takeFile(path: string): void {
    const db = openDayForReading(path);
    try {
      for (const series of readDaySeries(db)) {
        const record = this.#recordOf(series);
        if (record !== undefined) this.#takeNewest(db, series, record);
      }
    } finally {
      db.close();
    }
  }

  result(): Discovered {
    return { series: [...this.#series.values()], latest: this.#latest.columns() };
  }

  /** The series of the log, or a new one if the registry knows the device and the log does not know the metric. */
  #recordOf(series: DaySeries): SeriesRecord | undefined {
    const identity = seriesIdentity(series);
    const record = this.#series.get(identity) ?? this.#known.get(identity) ?? this.#newRecord(series);
    if (record !== undefined) {
      this.#series.set(identity, record);
      this.#latest.reserve(record.id);
    }
    return record;
  }

  #newRecord({ device, deviceKey, deviceCreatedAt, metric, unit, kind }: DaySeries): SeriesRecord | undefined {
    const owner = this.#devices.get(device);
    if (owner?.key !== deviceKey || owner.createdAt !== deviceCreatedAt) return undefined;
    const name = `${deviceKey}/${metric}`;
    if (this.#metrics.has(name)) return undefined;
    this.#metrics.add(name);
    return { id: this.#nextId++, deviceKey, device, deviceCreatedAt, metric, unit, kind: kindOfName(kind) };
  }

  #takeNewest(db: Database.Database, series: DaySeries, record: SeriesRecord): void {
    for (const run of readRuns(db)) {
      const newest = openLookup(db, run.id).newest(series.id);
      if (newest === null) continue;
      const { ts, value } = newest;
      const columns = {
        readings: 1,
        series: Uint32Array.of(record.id),
        ts: Float64Array.of(ts),
        value: Float64Array.of(typeof value === 'string' ? this.#strings.push(value) - 1 : value),
        strings: this.#strings,
      };
      this.#latest.take(columns, () => record.kind === seriesKinds.string, this.#timeMax);
    }
  }
}
