import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnsOf, csvHeader, csvLine, jsonLine } from './rows.js';
import { snippets } from './snippets.js';

const ts = Date.UTC(2026, 10, 30, 8);
const row = (value: number | string | boolean) => ({
  device: 'boiler-1',
  unit: 'Cel',
  item: { metric: 'm', ts, value },
});
const bucket = { metric: 'm', ts, avg: 2, min: 1, max: 3, sum: 4, count: 2, first: 1, last: 3 };

test('CSV has a row per reading or bucket; texts are quoted, and what is absent is empty', () => {
  assert.equal(csvHeader(false), 'device,metric,unit,time,ts,value\r\n');
  assert.equal(csvLine(row(21.5)), `boiler-1,m,Cel,2026-11-30T08:00:00.000Z,${ts},21.5\r\n`);
  assert.ok(csvLine(row('a "b",\nc')).endsWith(`,${ts},"a ""b"",\nc"\r\n`));
  const states = { device: 'd', unit: '', item: { metric: 'm', ts, count: 2, first: 'a', last: true } };
  assert.match(csvLine(states), /,,,,,2,a,true\r\n$/);
  const columns = csvHeader(true).split(',').length;
  assert.equal(csvLine({ ...states, item: bucket }).split(',').length, columns);
  assert.equal(csvLine(states).split(',').length, columns);
});

test('JSON keeps the types of values, and a missing unit is null', () => {
  assert.deepEqual(JSON.parse(jsonLine({ ...row(true), unit: '' })), {
    device: 'boiler-1',
    metric: 'm',
    unit: null,
    time: '2026-11-30T08:00:00.000Z',
    ts,
    value: true,
  });
  assert.equal(JSON.parse(jsonLine({ ...row(0), item: bucket })).avg, 2);
});

test('Parquet has a column per kind of value, and none that would be empty', () => {
  const names = (columns: { name: string }[]) => columns.map(({ name }) => name);
  assert.deepEqual(names(columnsOf([row(1), row(2)], false)), ['device', 'metric', 'unit', 'time', 'value']);
  const mixed = columnsOf([row(1), row('on'), row(false)], false);
  assert.deepEqual(names(mixed).slice(4), ['value', 'value_text', 'value_bool']);
  assert.deepEqual(
    mixed.slice(4).map(({ data }) => data),
    [
      [1, null, null],
      [null, 'on', null],
      [null, null, false],
    ],
  );
  assert.ok(names(columnsOf([], false)).includes('value_text'));
  assert.deepEqual(columnsOf([{ ...row(0), item: bucket }], true).find(({ name }) => name === 'count')?.data, [2n]);
});

test('names with quotes, spaces and dollars stay one word in every snippet', () => {
  const metric = `it's "$HOME" & more`;
  const query = {
    series: [{ device: 'boiler-1', metric }],
    from: ts,
    to: ts + 1,
    bucket: null,
    url: 'http://127.0.0.1:8081',
    dataFolder: '/var/lib/my data',
  };
  assert.match(snippets.query.text(query), /--metric 'it'\\''s "\$HOME" & more' /);
  assert.ok(snippets.sql.text(query).includes(String.raw`metric IN ('\''it'\'''\''s "$HOME" & more'\'')`));
  assert.match(snippets.sql.text(query), /--data '\/var\/lib\/my data'/);
  assert.match(snippets.curl.text(query), /metric=it%27s\+%22%24HOME%22\+%26\+more/);
  assert.ok(snippets.python.text(query).includes('metric=it%27s+%22%24HOME%22+%26+more'));
});
