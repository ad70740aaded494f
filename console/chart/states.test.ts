import assert from 'node:assert/strict';
import { test } from 'node:test';
import { civilText, durationText, timeLabels, zoneText } from './labels.js';
import { seriesIn, seriesMax, seriesText } from './series.js';
import { coloursOf, runAt, runsOf, sharesOf } from './states.js';

const reading = (ts: number, value: string | boolean) => ({ metric: 'door', ts, value });
const second = 1_000;

test('a state holds until the next one, equal neighbours are one run, and all is cut to the range', () => {
  const items = [reading(0, 'open'), reading(10, 'open'), reading(20, 'closed'), reading(30, 'open')];
  assert.deepEqual(runsOf(items, null, { from: 5, to: 100 }, 50), [
    { from: 5, to: 20, value: 'open' },
    { from: 20, to: 30, value: 'closed' },
    { from: 30, to: 50, value: 'open' },
  ]);
});

test('a state does not hold over a gap, nor on to now if the device fell silent', () => {
  const times = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 60, 61].map((s) => s * second);
  const runs = runsOf(
    times.map((ts) => reading(ts, true)),
    null,
    { from: 0, to: 500 * second },
    500 * second,
  );
  assert.deepEqual(runs, [
    { from: 0, to: 11 * second, value: 'yes' },
    { from: 60 * second, to: 62 * second, value: 'yes' },
  ]);
});

test('a state that is sent only when it changes has no gaps', () => {
  const minutes = [0, 3, 40, 41, 95, 130, 190, 192, 300];
  const runs = runsOf(
    minutes.map((m, i) => reading(m * 60_000, i % 2 === 0)),
    null,
    { from: 0, to: 360 * 60_000 },
    360 * 60_000,
  );
  assert.equal(runs.length, minutes.length);
  assert.ok(runs.every(({ to }, i) => i === runs.length - 1 || to === runs[i + 1].from));
  assert.equal(runs.at(-1)?.to, 360 * 60_000);
});

test('a bucket whose first and last state differ shows each for half of it', () => {
  const bucket = (ts: number, first: string, last: string) => ({ metric: 'door', ts, count: 2, first, last });
  assert.deepEqual(runsOf([bucket(0, 'a', 'a'), bucket(100, 'a', 'b')], 100, { from: 0, to: 200 }, 200), [
    { from: 0, to: 150, value: 'a' },
    { from: 150, to: 200, value: 'b' },
  ]);
});

test('no readings, or a range before all of them, have no runs', () => {
  assert.deepEqual(runsOf([], null, { from: 0, to: 10 }, 10), []);
  assert.deepEqual(runsOf([reading(50, 'x')], null, { from: 0, to: 10 }, 10), []);
});

test('shares add the runs of a value, the longest first, and a time is in one run or in none', () => {
  const runs = [
    { from: 0, to: 10, value: 'a' },
    { from: 10, to: 40, value: 'b' },
    { from: 50, to: 60, value: 'a' },
  ];
  assert.deepEqual(sharesOf(runs), [
    { value: 'b', ms: 30, runs: 1 },
    { value: 'a', ms: 20, runs: 2 },
  ]);
  assert.deepEqual(
    [0, 10, 45, 60].map((ts) => runAt(runs, ts)?.value),
    ['a', 'b', undefined, undefined],
  );
});

test('each value has a colour of its own while there are enough, and keeps it whatever the order', () => {
  const values = ['idle', 'heating', 'fault', 'standby', 'off'];
  const colours = coloursOf(values, 12);
  assert.equal(new Set(colours.values()).size, values.length);
  assert.deepEqual(coloursOf(values.toReversed(), 12), colours);
  const many = coloursOf(
    Array.from({ length: 40 }, (_, i) => `state ${i}`),
    12,
  );
  assert.ok([...many.values()].every((colour) => colour >= 0 && colour < 12));
});

test('series are read from the address, each once, and no more than a chart draws', () => {
  assert.deepEqual(seriesIn(['boiler-1:temperature', 'boiler-1:temperature', 'a:b:c']), {
    series: [
      { device: 'boiler-1', metric: 'temperature' },
      { device: 'a', metric: 'b:c' },
    ],
    wrong: [],
    leftOut: 0,
  });
  assert.equal(seriesText({ device: 'a', metric: 'b:c' }), 'a:b:c');
  assert.deepEqual(seriesIn(['', 'boiler-1', ':x', 'x:']).wrong, ['', 'boiler-1', ':x', 'x:']);
  const many = seriesIn(Array.from({ length: 15 }, (_, i) => `d${i}:m`));
  assert.deepEqual([many.series.length, many.leftOut], [seriesMax, 3]);
});

test('times, zones and lengths are written for people', () => {
  const ts = Date.UTC(2026, 10, 30, 8, 5, 9);
  assert.equal(civilText(ts, 'utc'), '2026-11-30 08:05:09');
  assert.equal(civilText(ts + 5, 'utc'), '2026-11-30 08:05:09.005');
  assert.equal(zoneText('utc', ts), 'UTC');
  assert.match(zoneText('local', ts), /\S/);
  const hours = [23, 24, 25].map((hour) => Date.UTC(2026, 10, 30, hour) / 1000);
  assert.deepEqual(timeLabels(hours, 3_600, 'utc'), ['23:00\n30 Nov', '00:00\n1 Dec', '01:00']);
  const spans = [0, 250, 59_400, 61_000, 3_600_000, 7_500_000, 90_061_000];
  assert.deepEqual(spans.map(durationText), ['0 ms', '250 ms', '59 s', '1 min 1 s', '1 h', '2 h 5 min', '1 d 1 h']);
});
