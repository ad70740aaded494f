import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAttempts } from './attempts.js';

function attemptsAt() {
  let now = 1_000;
  const attempts = createAttempts({ clock: { now: () => now++ }, known: (id) => id.startsWith('boiler-') });
  const note = (address: string, device: string | null): void =>
    attempts.note({ address, device, code: 'credentials_invalid', reason: 'why', agent: null });
  const all = () => attempts.list({ before: Number.POSITIVE_INFINITY, limit: 10_000 }).items;
  return { ...attempts, note, all };
}

test('equal attempts are counted in one entry with its first and last time, and the newest entry comes first', () => {
  const { note, all } = attemptsAt();
  note('10.0.0.1', 'boiler-1');
  note('10.0.0.1', 'boiler-2');
  note('10.0.0.1', 'boiler-1');
  note('10.0.0.2', 'boiler-1');
  assert.deepEqual(
    all().map(({ device, address, count, firstAt, lastAt }) => [device, address, count, firstAt, lastAt]),
    [
      ['boiler-1', '10.0.0.2', 1, 1_003, 1_003],
      ['boiler-1', '10.0.0.1', 2, 1_000, 1_002],
      ['boiler-2', '10.0.0.1', 1, 1_001, 1_001],
    ],
  );
});

test('after fifty unknown ids the attempts of an address share one entry, and no device is pushed out', () => {
  const { note, all } = attemptsAt();
  note('10.0.0.1', 'boiler-1');
  for (let n = 0; n < 10_000; n++) note('10.0.0.9', `made-up-${n}`);
  const items = all();
  assert.ok(items.some(({ device }) => device === 'boiler-1'));
  assert.ok(items.length <= 53, `${items.length}`);
  assert.equal(
    items.reduce((sum, { count }) => sum + count, 0),
    10_001,
  );
});

test('a flood from many addresses keeps only its newest entries, and pushes out no device', () => {
  const { note, all } = attemptsAt();
  note('10.0.0.1', 'boiler-1');
  for (let n = 0; n < 5_000; n++) note(`10.1.${n >> 8}.${n & 255}`, `made-up-${n}`);
  const items = all();
  assert.equal(items.length, 1_001);
  assert.equal(items[0].device, 'made-up-4999');
  assert.equal(items[1_000].device, 'boiler-1');
});

test('pages follow each other without a gap, and filters apply', () => {
  const { note, list } = attemptsAt();
  for (let n = 0; n < 25; n++) note(`10.0.0.${n}`, `boiler-${n % 5}`);
  const seen: string[] = [];
  for (let before: number | null = Number.POSITIVE_INFINITY; before !== null; ) {
    const page = list({ before, limit: 10 });
    seen.push(...page.items.map(({ address }) => address));
    before = page.next;
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 25 }, (_, n) => `10.0.0.${24 - n}`),
  );
  assert.equal(list({ before: Number.POSITIVE_INFINITY, limit: 100, device: 'boiler-3' }).items.length, 5);
  assert.equal(list({ before: Number.POSITIVE_INFINITY, limit: 100, address: '10.0.0.7' }).items.length, 1);
});
