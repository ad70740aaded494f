import type Database from 'better-sqlite3';
import { createLatest } from '../../columns/latest.js';
import type { ReadingColumns } from '../../columns/readingColumns.js';
import type { Device } from '../../domain/device.js';
import { type SeriesRecord, seriesKinds } from '../../domain/series.js';
import {
  type DaySeries,
  kindOfName,
  openDayForReading,
  readDaySeries,
  readRuns,
  runTable,
  seriesIdentity,
} from '../dayFiles/dayFile.js';
import { listDays } from '../dayFiles/days.js';
import { openMeta } from '../sqlite/meta.js';
import { newEpoch } from '../sqlite/migrate.js';

export interface Discovered {
  /** Those of the files, also where the log knows them. */
  series: SeriesRecord[];
  latest: ReadingColumns;
}

/**
 * Day files and log tell by the log's epoch and position whether they belong together. Where a file has runs that this log did
 * not make, one of them was restored from a backup: the files may then hold series that the log has never heard of, which are
 * learned from them, for devices that the registry knows, and newer values of those that it knows. The log gets a new epoch, since its positions are given a second time
 * from now on. Day files name devices by id, key and time of creation, so nothing is taken for another device's.
 */
export function discoverSeries(
  folder: string,
  logDb: Database.Database,
  devices: readonly Device[],
  known: readonly SeriesRecord[],
  nextSeriesId: number,
): Discovered | null {
  const meta = openMeta(logDb);
  const familiar = new Set(JSON.parse(meta.text('familiar_epochs') ?? '[]') as string[]);
  const epoch = meta.text('epoch') ?? '';
  const position = lastPosition(logDb);
  const files = listDays(folder).flatMap(({ readings, late }) => [readings, late].filter((path) => path !== null));
  const foreign = new Set<string>();
  for (const path of files)
    for (const run of sourcesOf(path))
      if (!familiar.has(run.epoch) && (run.epoch !== epoch || run.position > position)) foreign.add(run.epoch);
  if (foreign.size === 0) return null;
  const found = createFinds(devices, known, nextSeriesId);
  for (const path of files) found.takeFile(path);
  logDb.transaction(() => {
    meta.set('familiar_epochs', JSON.stringify([...familiar, ...foreign, epoch]));
    meta.set('epoch', newEpoch());
  })();
  return found.result();
}

function lastPosition(logDb: Database.Database): number {
  const given = logDb.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'log'").pluck().get() as number | undefined;
  return given ?? 0;
}

function sourcesOf(path: string): { epoch: string; position: number }[] {
  const db = openDayForReading(path);
  try {
    return db.prepare('SELECT epoch, max(position) AS position FROM runs GROUP BY epoch').all() as {
      epoch: string;
      position: number;
    }[];
  } finally {
    db.close();
  }
}

function createFinds(devices: readonly Device[], known: readonly SeriesRecord[], nextSeriesId: number) {
  const byId = new Map(devices.map((device) => [device.id, device]));
  const metrics = new Set(known.map(({ deviceKey, metric }) => `${deviceKey}/${metric}`));
  const knownByIdentity = new Map(known.map((one) => [seriesIdentity(one), one]));
  const series = new Map<string, SeriesRecord>();
  const latest = createLatest();
  const strings: string[] = [];
  let nextId = nextSeriesId;

  /** The series as the log knows it, or a new one of a device that the registry knows and whose metric the log does not. */
  function recordOf(one: DaySeries): SeriesRecord | undefined {
    const identity = seriesIdentity(one);
    const found = series.get(identity) ?? knownByIdentity.get(identity);
    if (found !== undefined) {
      series.set(identity, found);
      latest.reserve(found.id);
    }
    const device = byId.get(one.device);
    if (found !== undefined || device?.key !== one.deviceKey || device.createdAt !== one.deviceCreatedAt) return found;
    const metric = `${one.deviceKey}/${one.metric}`;
    if (metrics.has(metric)) return undefined;
    metrics.add(metric);
    const { deviceKey, deviceCreatedAt, unit } = one;
    const record = {
      id: nextId++,
      deviceKey,
      device: one.device,
      deviceCreatedAt,
      metric: one.metric,
      unit,
      kind: kindOfName(one.kind),
    };
    series.set(identity, record);
    latest.reserve(record.id);
    return record;
  }

  function takeNewest(db: Database.Database, one: DaySeries, record: SeriesRecord): void {
    for (const run of readRuns(db)) {
      const newest = db
        .prepare(`SELECT ts, value FROM ${runTable(run)} WHERE series = ? ORDER BY ts DESC LIMIT 1`)
        .get(one.id) as { ts: number; value: number | string } | undefined;
      if (newest === undefined) continue;
      const { ts, value } = newest;
      const columns = {
        readings: 1,
        series: Uint32Array.of(record.id),
        ts: Float64Array.of(ts),
        value: Float64Array.of(typeof value === 'string' ? strings.push(value) - 1 : value),
        strings,
      };
      latest.take(columns, () => record.kind === seriesKinds.string);
    }
  }

  return {
    takeFile(path: string): void {
      const db = openDayForReading(path);
      try {
        for (const one of readDaySeries(db)) {
          const record = recordOf(one);
          if (record !== undefined) takeNewest(db, one, record);
        }
      } finally {
        db.close();
      }
    },
    result: (): Discovered => ({ series: [...series.values()], latest: latest.columns() }),
  };
}
