import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DaySizes } from '../domain/storedFiles.js';
import { diskForecast } from './diskForecast.js';

const dayMs = 86_400_000;
const now = Date.parse('2026-05-20T12:00:00Z');
const keep = { retentionDays: 30, rollupRetentionDays: 730 };

/** The days from `oldest` days ago to today. */
const daysOf = (oldest: number, readingsBytes: number, rollupBytes = 0): DaySizes[] =>
  Array.from({ length: oldest + 1 }, (_, i) => ({
    day: new Date(now - (oldest - i) * dayMs).toISOString().slice(0, 10),
    readingsBytes,
    rollupBytes,
  }));

test('without a day before today there is no rate and no forecast', () => {
  assert.deepEqual(diskForecast([], 1_000, keep, now), { bytesPerDay: null, fullAt: null });
  assert.deepEqual(diskForecast(daysOf(0, 100), 1_000, keep, now), { bytesPerDay: null, fullAt: null });
  const old = { day: '2026-01-01', readingsBytes: 100, rollupBytes: 0 };
  assert.deepEqual(diskForecast([old], 1_000, keep, now), { bytesPerDay: null, fullAt: null });
});

test('the rate is that of the last seven days; today and older days do not count', () => {
  const days = daysOf(9, 100);
  days[0].readingsBytes = 1e9;
  days[1].readingsBytes = 1e9;
  days[9].readingsBytes = 1;
  assert.equal(diskForecast(days, 1e6, keep, now).bytesPerDay, 100);
});

test('the disk is full once the free space is used, unless retention begins before', () => {
  assert.equal(diskForecast(daysOf(2, 100), 1_000, keep, now).fullAt, now + 10 * dayMs);
  assert.equal(diskForecast(daysOf(2, 100), 250, keep, now).fullAt, now + 2.5 * dayMs);
  assert.equal(diskForecast(daysOf(2, 100), 2_899, keep, now).fullAt, now + 28.99 * dayMs);
  assert.equal(diskForecast(daysOf(2, 100), 2_900, keep, now).fullAt, null, 'day 31 takes the room of day 1');
  assert.equal(diskForecast(daysOf(31, 100), 1, keep, now).fullAt, null);
});

test('rollups go on growing after retention of readings has begun', () => {
  assert.equal(diskForecast(daysOf(31, 100, 10), 95, keep, now).fullAt, now + 9.5 * dayMs);
  assert.equal(diskForecast(daysOf(31, 100, 10), 95, { ...keep, rollupRetentionDays: 30 }, now).fullAt, null);
});

test('no free space is full now', () => {
  assert.equal(diskForecast(daysOf(2, 100), 0, keep, now).fullAt, now);
});
