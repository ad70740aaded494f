import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seriesKinds } from '../../domain/series.js';
import { emptyFold } from './fold.js';
import { foldOfPart, foldParts } from './foldParts.js';

const ids = Array.from({ length: 5_001 }, (_, i) => i + 1);

/** Every third series has strings. */
const isString = (series: number): boolean => series % 3 === 0;

const newestOf = (series: number): number | string => (isString(series) ? `text ${series}` : series / 8);

function latest() {
  const strings: string[] = [];
  const value = ids.map((id) => (isString(id) ? strings.push(newestOf(id) as string) - 1 : (newestOf(id) as number)));
  const columns = { series: Uint32Array.from(ids), ts: Float64Array.from(ids), value: Float64Array.from(value) };
  return { readings: ids.length, strings, ...columns };
}

test('latest values are folded in parts of 2,000, each with only its own strings', () => {
  const parts = foldParts({ ...emptyFold(), latest: latest() }, isString).map((part) => foldOfPart(part).latest);
  assert.deepEqual(
    parts.map(({ readings }) => readings),
    [2_000, 2_000, 1_001],
  );
  for (const { series, strings } of parts) assert.equal(strings.length, series.filter(isString).length);
  const found = parts.flatMap(({ series, ts, value, strings }) =>
    Array.from(series, (id, i) => [id, ts[i], isString(id) ? strings[value[i]] : value[i]]),
  );
  assert.deepEqual(
    found,
    ids.map((id) => [id, id, newestOf(id)]),
  );
});

test('series come before the values that refer to them, and marks before new streams', () => {
  const series = ids.map((id) => ({
    id,
    deviceKey: 1,
    device: 'a',
    deviceCreatedAt: 1,
    metric: `m${id}`,
    unit: null,
    kind: seriesKinds.number,
  }));
  const streams = [{ id: 1, deviceKey: 1, name: 'main', kept: true, mark: 2, usedAt: 3 }];
  const tables = [{ deviceKey: 1, table: 1, metrics: [] }];
  const marks = { stream: Uint32Array.of(1), mark: Uint32Array.of(2), usedAt: Float64Array.of(3) };
  const receipts = { device: Uint32Array.of(1), at: Float64Array.of(3) };
  const fold = { series, streams, tables, latest: latest(), marks, receipts, position: 9, committedAt: 5 };
  const parts = foldParts(fold, isString).map(foldOfPart);
  const kinds = parts.map((part) => {
    const filled = Object.entries({
      series: part.series.length,
      marks: part.marks.stream.length,
      streams: part.streams.length,
      tables: part.tables.length,
      receipts: part.receipts.device.length,
      latest: part.latest.readings,
    }).filter(([, count]) => count > 0);
    assert.equal(filled.length, 1);
    return filled[0][0];
  });
  assert.deepEqual(
    kinds.filter((kind, i) => kind !== kinds[i - 1]),
    ['series', 'marks', 'streams', 'tables', 'receipts', 'latest'],
  );
  assert.deepEqual(
    parts.flatMap((part) => part.series),
    series,
  );
  assert.deepEqual(parts.find((part) => part.streams.length > 0)?.streams, streams);
});

test('an empty fold has no parts', () => {
  assert.deepEqual(foldParts(emptyFold(), isString), []);
});
