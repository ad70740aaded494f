import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketOf, isRelative, moved, parseWhen, rangeOf, scaled, zoomText } from './range.js';

const now = Date.UTC(2026, 10, 30, 8, 0, 0);
const hour = 3_600_000;

test('a time is written as now, as a time before now, as a date, as ISO 8601, or as Unix ms', () => {
  const times: [string, number][] = [
    ['', now],
    ['now', now],
    ['-6h', now - 6 * hour],
    [' -30d ', now - 720 * hour],
    ['-0s', now],
    ['2026-11-30', now - 8 * hour],
    ['2026-11-30 07:30', now - hour / 2],
    ['2026-11-30T07:30:15.5', now - hour / 2 + 15_500],
    ['2026-11-30T09:00+02:00', now - hour],
    ['2026-11-30T07:00:00Z', now - hour],
    ['2024-02-29 00:00', Date.UTC(2024, 1, 29)],
    [String(now), now],
  ];
  for (const [text, ts] of times) assert.equal(parseWhen(text, 'utc', now), ts, text);
});

test('what is no time, or no day of the calendar, is refused', () => {
  const wrong = ['yesterday', '6h', '-6', '-6y', '--6h', '2026-11-31', '2026-13-01', '2025-02-29', '2026-11-30 24:00'];
  const more = ['2026-11-30 07:60', '2026-11-30 7:30', '30.11.2026', 'NaN', '1e12', '12', '-99999999w', 'now-6h'];
  for (const text of [...wrong, ...more]) assert.equal(parseWhen(text, 'utc', now), null, text);
});

test('a date without an offset is of the zone that is shown', () => {
  const local = new Date(2026, 10, 30, 7, 30).getTime();
  assert.equal(parseWhen('2026-11-30 07:30', 'local', now), local);
  assert.equal(parseWhen('2026-11-30T07:30:00Z', 'local', now), Date.UTC(2026, 10, 30, 7, 30));
});

test('a range follows the clock if its end is now, and a zoom goes before it', () => {
  const range = (from: string, to: string, zoom = '') => rangeOf({ from, to, zoom }, 'utc', now);
  assert.deepEqual(range('-1h', ''), { ok: true, range: { from: now - hour, to: now, follow: true } });
  assert.deepEqual(range('-2h', '-1h'), { ok: true, range: { from: now - 2 * hour, to: now - hour, follow: false } });
  assert.deepEqual(range('-1h', '', '1000-2000'), { ok: true, range: { from: 1000, to: 2000, follow: false } });
  assert.equal(zoomText({ from: 1000.4, to: 1999.6, follow: false }), '1000-2000');
});

test('a range that is none is refused with the text that is wrong; a zoom that is none is passed over', () => {
  const range = (from: string, to: string, zoom = '') => rangeOf({ from, to, zoom }, 'utc', now);
  const fault = (from: string, to: string): string => {
    const found = range(from, to);
    return found.ok ? '' : found.fault;
  };
  assert.match(fault('soon', ''), /“soon” is not a time/);
  assert.match(fault('-1h', 'later'), /“later” is not a time/);
  assert.match(fault('-1h', '-2h'), /start must be before the end/);
  assert.match(fault('now', 'now'), /start must be before the end/);
  for (const zoom of ['x', '5', '2000-1000', '1000-1000', '-5-10', 'NaN-NaN', '0-9e99', '-'])
    assert.deepEqual(range('-1h', '', zoom), range('-1h', ''), zoom);
});

test('only what names the clock moves with it', () => {
  for (const text of ['', 'now', '-6h']) assert.ok(isRelative(text), text);
  for (const text of ['2026-11-30', '-6', String(now)]) assert.ok(!isRelative(text), text);
});

test('a range is moved and scaled at most to now and never before 1970', () => {
  const range = { from: now - 2 * hour, to: now - hour, follow: false };
  assert.deepEqual(moved(range, 0.5, now), { from: now - 1.5 * hour, to: now - hour / 2, follow: false });
  assert.deepEqual(moved(range, 9, now), { from: now - hour, to: now, follow: false });
  assert.deepEqual(moved({ from: hour, to: 2 * hour, follow: false }, -5, now), { from: 0, to: hour, follow: false });
  assert.deepEqual(scaled(range, 2, now), { from: now - 2.5 * hour, to: now - hour / 2, follow: false });
  assert.equal(scaled(range, 1e-9, now).to - scaled(range, 1e-9, now).from, 1_000);
  assert.deepEqual(scaled({ from: 0, to: now, follow: false }, 2, now).from, 0);
});

test('buckets are as wide as 600 points need, and short spans have none', () => {
  assert.equal(bucketOf(600_000), null);
  assert.deepEqual(bucketOf(hour), { ms: 10_000, every: '10s' });
  assert.deepEqual(bucketOf(24 * hour), { ms: 300_000, every: '5m' });
  assert.deepEqual(bucketOf(1e15), { ms: 86_400_000, every: '1d' });
});
