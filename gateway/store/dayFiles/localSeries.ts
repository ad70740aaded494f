import type Database from 'better-sqlite3';
import { grown } from '../../columns/growable.js';
import type { SeriesRecord } from '../../domain/series.js';
import { kindNames, readDaySeries, seriesIdentity } from './dayTables.js';

const row = 'series (id, device, metric, unit, kind, device_key, device_created_at) VALUES (?, ?, ?, ?, ?, ?, ?)';

/** The series of a day file by the file's own ids, and the newest stored time of each. */
export interface LocalSeries {
  /** The file's id of a series. Adds the series if the file does not have it, and stores a new unit. */
  idOf(series: SeriesRecord): number;
  idMax(): number;
  /** Unix ms. NaN if it was not looked up yet, -Infinity if the file has no reading of the series. */
  newest(id: number): number;
  setNewest(id: number, ts: number): void;
}

export function openLocalSeries(db: Database.Database): LocalSeries {
  const insert = db.prepare(`INSERT INTO ${row}`);
  const updateUnit = db.prepare('UPDATE series SET unit = ? WHERE id = ?');
  const byIdentity = new Map<string, number>();
  const units: (string | null)[] = [];
  /** By the gateway's id. 0 if it was not looked up yet. */
  let localOf = new Uint32Array(1024);
  let idMax = 0;
  for (const known of readDaySeries(db)) {
    byIdentity.set(seriesIdentity(known), known.id);
    units[known.id] = known.unit;
    idMax = Math.max(idMax, known.id);
  }
  let newest = new Float64Array(idMax + 1024).fill(Number.NaN);

  function add(series: SeriesRecord, identity: string): number {
    const id = ++idMax;
    const { device, metric, unit, kind, deviceKey, deviceCreatedAt } = series;
    insert.run(id, device, metric, unit, kindNames[kind], deviceKey, deviceCreatedAt);
    byIdentity.set(identity, id);
    units[id] = unit;
    newest = grown(newest, id + 1, Number.NaN);
    newest[id] = Number.NEGATIVE_INFINITY;
    return id;
  }

  return {
    idOf(series) {
      localOf = grown(localOf, series.id + 1);
      let id = localOf[series.id];
      if (id === 0) {
        const identity = seriesIdentity(series);
        id = byIdentity.get(identity) ?? add(series, identity);
        localOf[series.id] = id;
      }
      if (series.unit !== null && units[id] !== series.unit) {
        units[id] = series.unit;
        updateUnit.run(series.unit, id);
      }
      return id;
    },
    idMax: () => idMax,
    newest: (id) => newest[id],
    setNewest(id, ts) {
      newest[id] = ts;
    },
  };
}

/** Gives a late file the series of the finished file beside it, with the same ids. */
export function copySeries(finished: Database.Database, late: Database.Database): void {
  const insert = late.prepare(`INSERT OR IGNORE INTO ${row}`);
  late.transaction(() => {
    for (const { id, device, metric, unit, kind, deviceKey, deviceCreatedAt } of readDaySeries(finished))
      insert.run(id, device, metric, unit, kind, deviceKey, deviceCreatedAt);
  })();
}
