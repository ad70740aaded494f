import { scalarIn } from '../../columns/scalar.js';
import type { SeriesRecord } from '../../domain/series.js';
import type { LogRow } from '../../store/logDb/readRows.js';
import type { StoredValues } from '../../store/reader/storedValues.js';
import type { Names } from '../messages/names.js';

/**
 * The row without the readings of whose identity another value is stored: the first one wins (PROTOCOL.md, I-1). Only the readings that the
 * writer marked as late are looked up, and a row without them is returned as it is. A reading of which nothing is found is kept, so that damage
 * loses no late data. The frames keep their places, which are part of the ids of messages.
 */
export function withoutOtherValues(row: LogRow, names: Names, stored: StoredValues['at']): LogRow {
  const { late } = row.readings;
  if (late === undefined) return row;
  const others = new Set<number>();
  for (const { series, indexes } of byDevice(row, late, names)) {
    const times = new Set(indexes.map((i) => row.readings.ts[i]));
    const values = new Map(
      stored([...series.values()], times).map(({ series: id, ts, value }) => [`${id} ${ts}`, value]),
    );
    for (const i of indexes) {
      const { series: ids, ts, value, strings } = row.readings;
      const { kind } = series.get(ids[i]) as SeriesRecord;
      const found = values.get(`${ids[i]} ${ts[i]}`);
      if (found !== undefined && found !== scalarIn(kind, value[i], strings)) others.add(i);
    }
  }
  return others.size === 0 ? row : without(row, others);
}

interface LateOfDevice {
  series: Map<number, SeriesRecord>;
  indexes: number[];
}

/** Readings of series that nobody knows are left to the feed, which reports them. */
function byDevice({ readings }: LogRow, late: Iterable<number>, names: Names): Iterable<LateOfDevice> {
  const devices = new Map<number, LateOfDevice>();
  for (const i of late) {
    const record = names.series(readings.series[i]);
    if (record === null) continue;
    let of = devices.get(record.deviceKey);
    if (of === undefined) {
      of = { series: new Map(), indexes: [] };
      devices.set(record.deviceKey, of);
    }
    of.series.set(record.id, record);
    of.indexes.push(i);
  }
  return devices.values();
}

function without(row: LogRow, others: ReadonlySet<number>): LogRow {
  const { frames, readings } = row;
  const counts = frames.readings.slice();
  for (let frame = 0, at = 0; frame < frames.count; frame++)
    for (const end = at + frames.readings[frame]; at < end; at++) if (others.has(at)) counts[frame]--;
  const isKept = (_: number, i: number): boolean => i < readings.readings && !others.has(i);
  return {
    ...row,
    frames: { ...frames, readings: counts },
    readings: {
      readings: readings.readings - others.size,
      series: readings.series.filter(isKept),
      ts: readings.ts.filter(isKept),
      value: readings.value.filter(isKept),
      strings: readings.strings,
    },
  };
}
