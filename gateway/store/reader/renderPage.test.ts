import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReadingRow, ReadingsQuery } from '../../domain/readingsQuery.js';
import { randomNumbers } from '../chunks/random.fixture.js';
import { renderPage } from './renderPage.js';

const metrics = ['temperature', 'Tür "a",b'];

const query = {
  series: metrics.map((metric, i) => ({ id: i + 7, metric, kind: 0 })),
  everyMs: null,
} as unknown as ReadingsQuery;

const times = [0, 9, 999_999, 1_000_000, 1_000_001, 1_999_999, 2_000_000, 999_999_999_999, 1_000_000_000_000];

const late = [1_795_649_999_999, 1_795_650_000_000, 1_795_650_000_001, 8_640_000_000_000_000];

const values = [0, -0, 21.5, Math.fround(0.1), -1e-7, 1e21, 5e-324, -Number.MAX_VALUE, true, false, '', 'ajar'];

const strings = ['"quoted", and\r\nbroken', 'grün 🌡', '\u0000\u2028', '\ud800 alone', 'x'.repeat(3_000)];

const rows: ReadingRow[] = [...times, ...late].flatMap((ts) =>
  [...values, ...strings].map((value, i) => ({ series: 7 + (i % 2), ts, value })),
);

const textOf = (format: 'json' | 'ndjson' | 'csv', some: ReadingRow[]): string =>
  Buffer.from(renderPage(query, { rows: some, more: false, damaged: [] }, format).text).toString();

test('readings are printed as valid JSON in order, whatever their times and values', () => {
  const plain = rows.filter(({ ts, value }) => ts >= 1_000_000 && typeof value !== 'string');
  for (const some of [rows, plain]) {
    const named = some.map(({ series, ts, value }) => ({ metric: metrics[series - 7], ts, value }));
    assert.equal(`[${textOf('json', some)}]`, JSON.stringify(named));
    assert.equal(textOf('ndjson', some), named.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }
});

test('a CSV field is quoted if RFC 4180 requires it, and numbers and times never are', () => {
  const tuer = '"Tür ""a"",b"';
  assert.equal(
    textOf('csv', [
      { series: 7, ts: 1_000_001, value: 21.5 },
      { series: 8, ts: 5, value: 'a "b", c' },
      { series: 8, ts: 6, value: 'grün\n' },
      { series: 7, ts: 7, value: false },
    ]),
    `temperature,1000001,21.5\r\n${tuer},5,"a ""b"", c"\r\n${tuer},6,"grün\n"\r\ntemperature,7,false\r\n`,
  );
  assert.equal(
    textOf('csv', [
      { series: 7, ts: 1_000_001, value: -1.5e-7 },
      { series: 8, ts: 7, value: true },
    ]),
    `temperature,1000001,-1.5e-7\r\n${tuer},7,true\r\n`,
  );
});

test('an empty page is an empty text', () => {
  for (const format of ['json', 'ndjson', 'csv'] as const) assert.equal(textOf(format, []), '');
});

test('numbers have the text that String gives, also those that are written digit by digit', () => {
  const random = randomNumbers(9);
  const numbers = Array.from({ length: 20_000 }, () => {
    const size = 10 ** random(16);
    const number = (random(size) - random(size / 3)) / 10 ** random(9);
    return random(20) === 0 ? number * Math.PI : number;
  });
  numbers.push(
    0.1,
    0.000001,
    0.0000015,
    999_999_999_999_999,
    1e15,
    0.30000000000000004,
    123456.7891234,
    -0.5,
    2251799813685248.5,
  );
  const some = numbers.map((value): ReadingRow => ({ series: 7, ts: 1_795_650_000_000, value }));
  assert.equal(
    textOf('csv', some),
    numbers.map((value) => `temperature,1795650000000,${Object.is(value, -0) ? 0 : value}\r\n`).join(''),
  );
});
