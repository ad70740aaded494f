import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { BucketRow, ReadingRow, ReadingsQuery } from '../../domain/readingsQuery.js';
import { dayMs } from '../dayFiles/days.js';
import { openForReading } from '../sqlite/openDatabase.js';
import { batchOf, folderFor, midnight, openOnClock, queryOf, series, type Triple } from '../store.fixture.js';
import { createPages } from './pages.js';

const known = [series(1, 'temperature')];
const hour = 3_600_000;
const everyMs = 3_333;

/** Values that do not pack, so that the file has many pages. */
const stored = Array.from({ length: 12_000 }, (_, i): Triple => [1, midnight + 2 * i, Math.sin(i)]);
const late = Array.from({ length: 30 }, (_, i): Triple => [1, midnight + 800 * i + 1, i]);

/** The undamaged truth: which readings are in a bucket. */
const truth = new Map<number, Triple[]>();
for (const reading of [...stored, ...late]) {
  const bucket = Math.floor(reading[1] / everyMs) * everyMs;
  truth.set(bucket, [...(truth.get(bucket) ?? []), reading]);
}

const dayPath = (folder: string, kind = ''): string => join(folder, 'readings', `2026-11-22${kind}.db`);

/** A folder of a finished day, with late readings and repeats of all of its readings that wait aside or, unsealed, in the log. */
async function dayWithWaiting(context: TestContext, where: 'aside' | 'log'): Promise<{ folder: string; good: Buffer }> {
  const folder = folderFor(context);
  const first = await openOnClock(context, folder);
  await first.store.commit(batchOf(1, [...stored, [1, midnight + dayMs, 1]], known), midnight);
  await first.store.seal();
  await first.turnTo(midnight + dayMs + 2 * hour);
  await first.store.close();
  const good = readFileSync(dayPath(folder));
  writeFileSync(dayPath(folder), 'no database '.repeat(99));
  const { store } = await openOnClock(context, folder, { archiveFailed() {} });
  const repeats = stored.map(([id, ts]): Triple => [id, ts, 999]);
  await store.commit(batchOf(2, [...late, ...repeats]), midnight + dayMs + 3 * hour);
  if (where === 'aside') await store.seal();
  await store.close();
  assert.equal(existsSync(dayPath(folder, '.aside')), where === 'aside');
  return { folder, good };
}

/** All rows of a query, from readers whose every page hits its time limit, or from one page. */
function rowsOf(folder: string, query: Partial<ReadingsQuery>, pagesAreShort: boolean): (BucketRow | ReadingRow)[] {
  const logDb = openForReading(join(folder, 'log.db'));
  let ms = 0;
  const pages = createPages(folder, logDb, () => (pagesAreShort ? (ms += 1_000) : 0));
  try {
    const rows: (BucketRow | ReadingRow)[] = [];
    for (let after: ReadingsQuery['after'] = null; ; ) {
      const page = pages.read(queryOf(known, { to: midnight + dayMs, limit: 100_000, ...query, after }));
      rows.push(...page.rows);
      if (!page.more) return rows;
      after = page.rows.at(-1) ?? null;
    }
  } finally {
    pages.close();
    logDb.close();
  }
}

function checkBuckets(rows: BucketRow[], what: string): void {
  const seen = new Set<number>();
  for (const { ts, count, min, max } of rows) {
    assert.ok(!seen.has(ts), `${what}: the bucket ${ts} comes once`);
    seen.add(ts);
    const readings = truth.get(ts) ?? [];
    assert.ok(count <= readings.length, `${what}: the bucket ${ts} counts ${count} of ${readings.length} readings`);
    const repeats = count - readings.length;
    const values = new Set([...readings.map(([, , value]) => value), ...(repeats <= 0 ? [999] : [])]);
    assert.ok(values.has(min as number) && values.has(max as number), `${what}: ${min} to ${max}`);
  }
}

for (const where of ['aside', 'log'] as const)
  test(`no bucket counts a reading twice, whichever page of the day file is damaged, with repeats in the ${where}`, async (context) => {
    const { folder, good } = await dayWithWaiting(context, where);
    const pageSize = good.readUInt16BE(16) === 1 ? 65_536 : good.readUInt16BE(16);
    let incomplete = 0;
    for (let at = -pageSize; at < good.length; at += pageSize) {
      const bytes = Buffer.from(good);
      if (at >= 0) bytes.fill(0xff, at, at + pageSize);
      rmSync(dayPath(folder));
      writeFileSync(dayPath(folder), bytes);
      for (const order of ['asc', 'desc'] as const)
        for (const pagesAreShort of [false, true]) {
          const what = `page ${at / pageSize}, ${order}, ${pagesAreShort ? 'short pages' : 'one page'}`;
          const rows = rowsOf(folder, { everyMs, order }, pagesAreShort) as BucketRow[];
          checkBuckets(rows, what);
          const counted = rows.reduce((sum, { count }) => sum + count, 0);
          if (at < 0) assert.equal(counted, stored.length + late.length, what);
          else if (counted < stored.length + late.length) incomplete++;
        }
    }
    context.diagnostic(`${incomplete} answers were incomplete`);
  });

for (const where of ['aside', 'log'] as const)
  test(`the rollup of a lost day counts no reading twice, with repeats in the ${where}`, async (context) => {
    const { folder } = await dayWithWaiting(context, where);
    rmSync(dayPath(folder));
    const rows = rowsOf(folder, { everyMs: hour }, false) as BucketRow[];
    assert.deepEqual(
      rows.map(({ ts, count, max }) => [ts, count, max]),
      [[midnight, stored.length, Math.max(...stored.map(([, , value]) => value))]],
    );
  });
