import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogReader, RowHead } from '../../store/logDb/logReader.js';
import { createNames } from '../messages/names.js';
import { createBacklog } from './backlog.js';

const now = 1_795_305_600_000;

/** Log rows of 100 bytes and two frames each, a second apart. The last one is committed at `now`. */
function backlogOver(count: number, bounds: { bytesMax?: number; ageMaxMs?: number } = {}) {
  const rows = Array.from({ length: count }, (_, i): RowHead => {
    return { position: i + 1, committedAt: now - (count - 1 - i) * 1_000, readings: 3, bytes: 100 };
  });
  const reader = {
    heads: (after: number) => rows.filter(({ position }) => position > after).slice(0, 5_000),
    committedAfter: (after: number) => rows.find(({ position }) => position > after)?.committedAt ?? null,
    contents: () => ({ frames: 2, declared: null }),
    series: () => null,
    stream: () => null,
  } as unknown as LogReader;
  const { bytesMax = 1e9, ageMaxMs = 1e9 } = bounds;
  return { backlog: createBacklog({ reader, names: createNames(reader), bytesMax, ageMaxMs }, 0), rows };
}

test('the backlog is the rows after the position, and its age is that of the first one', () => {
  const { backlog, rows } = backlogOver(2_500);
  backlog.measure();
  assert.deepEqual(backlog.state(now), { rows: 2_500, bytes: 250_000, ms: 2_499_000, full: false });
  backlog.advance(1_250);
  assert.deepEqual(backlog.state(now), { rows: 1_250, bytes: 125_000, ms: 1_249_000, full: false });
  backlog.advance(2_500);
  assert.deepEqual(backlog.state(now), { rows: 0, bytes: 0, ms: 0, full: false });
  rows.push({ position: 2_501, committedAt: now, readings: 1, bytes: 40 });
  backlog.measure();
  assert.deepEqual(backlog.state(now), { rows: 1, bytes: 40, ms: 0, full: false });
});

test('rows that were bridged before they were measured are not counted', () => {
  const { backlog } = backlogOver(10);
  backlog.advance(4);
  backlog.measure();
  assert.equal(backlog.state(now).bytes, 600);
});

test('above the limit of bytes the oldest rows are dropped until there is some room', () => {
  const { backlog } = backlogOver(100, { bytesMax: 5_000 });
  backlog.measure();
  assert.equal(backlog.state(now).full, true);
  const excess = backlog.excess(now) ?? assert.fail('no row is dropped');
  assert.equal(excess.upTo, 53);
  assert.deepEqual(excess.dropped, {
    why: 'bytes',
    frames: 106,
    readings: 159,
    bytes: 5_300,
    from: now - 99_000,
    to: now - 47_000,
  });
  backlog.advance(excess.upTo);
  assert.equal(backlog.state(now).full, false);
  assert.equal(backlog.excess(now), null);
});

test('rows older than the limit of age are dropped, and no others', () => {
  const { backlog } = backlogOver(100, { ageMaxMs: 10_000 });
  backlog.measure();
  const { upTo, dropped } = backlog.excess(now) ?? assert.fail('no row is dropped');
  assert.deepEqual([upTo, dropped.why, dropped.frames], [89, 'age', 178]);
  backlog.advance(upTo);
  assert.equal(backlog.excess(now), null);
});

test('a backlog within its limits drops nothing', () => {
  const { backlog } = backlogOver(100, { bytesMax: 10_000, ageMaxMs: 99_000 });
  backlog.measure();
  assert.equal(backlog.state(now).full, false);
  assert.equal(backlog.excess(now), null);
});
