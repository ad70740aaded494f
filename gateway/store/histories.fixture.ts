import { addFrame, type Batch, createBatch } from '../columns/batch.js';
import { reserveReadings } from '../columns/readingColumns.js';
import { type Scalar, type SeriesKind, type SeriesRecord, seriesKinds } from '../domain/series.js';
import { dayMs } from './dayFiles/days.js';
import { midnight } from './store.fixture.js';

/** The same number below `limit` for the same seed and turn. */
export type Random = (limit: number) => number;

/** What a random history has stored, in plain maps. Of two values with one identity the first counts. */
export interface HistorySeries extends SeriesRecord {
  makeValue(random: Random): Scalar;
  readings: Map<number, Scalar>;
  /** The time behind the last reading that was made in order. */
  next: number;
}

export interface HistoryDevice {
  id: string;
  key: number;
  seq: number;
  series: HistorySeries[];
}

export type NewReading = [series: HistorySeries, ts: number, value: Scalar];

const oddNumbers = [
  0,
  -0,
  5e-324,
  -2.2250738585072014e-308,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  2 ** 53 + 2,
  -(2 ** 53) - 2,
  0.1 + 0.2,
  1e-9,
  -1e21,
];

const words = ['', 'open', 'closed', "o'clock", 'größer', '🔋 low', 'a\u0000b', ','];

/** Metrics with values of every form that a chunk has. */
const metrics: Record<string, [kind: SeriesKind, makeValue: (random: Random) => Scalar]> = {
  temperature: [seriesKinds.number, (random) => (random(6_000) - 2_000) / 100],
  energy: [seriesKinds.number, (random) => 4_000_000_000 + random(1e6)],
  noise: [seriesKinds.number, (random) => random(1e9) / 3],
  single: [seriesKinds.number, (random) => Math.fround(random(1e9) / 7)],
  odd: [
    seriesKinds.number,
    (random) => (random(4) === 0 ? (oddNumbers[random(oddNumbers.length)] as number) : random(99)),
  ],
  constant: [seriesKinds.number, () => 21.5],
  door: [seriesKinds.string, (random) => words[random(words.length)] as string],
  // 1,024 bytes of UTF-8 at most.
  message: [
    seriesKinds.string,
    (random) => (random(3) === 0 ? `${random(50)}`.repeat(random(500)) : 'ü'.repeat(random(512))),
  ],
  alarm: [seriesKinds.boolean, (random) => random(2) === 1],
};

export function createDevice(id: string, key: number, firstSeries: number): HistoryDevice {
  const series = Object.entries(metrics).map(([metric, [kind, makeValue]], i): HistorySeries => {
    const unit = kind === seriesKinds.number ? 'x' : null;
    const record = { id: firstSeries + i, deviceKey: key, device: id, deviceCreatedAt: key, metric, unit, kind };
    return { ...record, makeValue, readings: new Map(), next: midnight };
  });
  return { id, key, seq: 0, series };
}

/** Times of some readings of a series: in order, in any order, repeated, for an old day at every millisecond, at the edges of a day. */
function randomTimes({ readings, next }: HistorySeries, days: number, random: Random): number[] {
  const anyTime = (): number => midnight + random(days) * dayMs + random(dayMs);
  const from = (start: number, count: number, step: number, jitter: number): number[] =>
    Array.from({ length: count }, (_, i) => start + i * step + random(jitter + 1));
  switch (random(7)) {
    case 0:
      return from(next, 1 + random(700), 1 + random(20_000), 0);
    case 1:
      return from(next, 1 + random(700), 1_000, 40);
    case 2: {
      const start = anyTime();
      return from(start, 1 + random(300), 0, random(2) === 0 ? 1_000 : 3_600_000);
    }
    case 3: {
      const known = [...readings.keys()];
      if (known.length === 0) return [anyTime()];
      const first = random(known.length);
      return known.slice(first, first + 1 + random(200)).reverse();
    }
    case 4:
      return from(anyTime(), 1 + random(1_500), 1, 0);
    case 5: {
      const start = midnight + random(days) * dayMs;
      return [start - 1, start, start + dayMs - 1, start + dayMs, start + 3_600_000 - 1, start + 3_600_000];
    }
    default:
      return [anyTime()];
  }
}

/** New readings of some series, within the days of the history. */
export function randomReadings(devices: HistoryDevice[], days: number, random: Random): NewReading[] {
  const made: NewReading[] = [];
  for (let n = 1 + random(4); n > 0; n--) {
    const { series } = devices[random(devices.length)];
    const chosen = series[random(series.length)];
    for (const ts of randomTimes(chosen, days, random)) {
      if (ts < midnight || ts >= midnight + days * dayMs) continue;
      made.push([chosen, ts, chosen.makeValue(random)]);
      chosen.next = Math.max(chosen.next, ts + 1);
    }
    if (chosen.next > midnight + days * dayMs - 60_000) chosen.next = midnight + random(days) * dayMs;
  }
  return made;
}

/** A batch with the readings, a frame per device. It is entered into the maps too. */
export function store(devices: HistoryDevice[], readings: NewReading[], declared: Set<number>): Batch {
  const batch = createBatch();
  reserveReadings(batch, readings.length);
  for (const device of devices) {
    const before = batch.readings;
    for (const [series, ts, value] of readings) {
      if (series.deviceKey !== device.key) continue;
      if (!declared.has(series.id)) {
        const { makeValue: _, readings: __, next: ___, ...record } = series;
        batch.declared.series.push(record);
        declared.add(series.id);
      }
      batch.series[batch.readings] = series.id;
      batch.ts[batch.readings] = ts;
      batch.value[batch.readings++] = typeof value === 'string' ? batch.strings.push(value) - 1 : Number(value);
      if (!series.readings.has(ts)) series.readings.set(ts, value);
    }
    if (batch.readings === before) continue;
    if (device.seq === 0)
      batch.declared.streams.push({ id: device.key, deviceKey: device.key, name: 'main', kept: true });
    addFrame(batch, device.key, device.key, ++device.seq, batch.readings - before, midnight);
  }
  return batch;
}
