import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import { tempFolder } from '../../tests/rig/tempFolder.js';
import { batchOf, folderFor, midnight, openOnClock, series } from '../store/store.fixture.js';
import { createDayArchive } from './dayArchive.js';

const [hour, dayMs] = [3_600_000, 86_400_000];

test('the archive writes finished days once a minute at most, and repeats what failed', async (context) => {
  const archive = join(tempFolder(context), 'below', 'archive');
  const { store, turnTo } = await openOnClock(context, folderFor(context));
  let now = midnight;
  let runs: Promise<void>[] = [];
  const days = createDayArchive({
    clock: { now: () => now },
    log: pino({ level: 'silent' }),
    folder: archive,
    store: {
      daysToArchive: store.daysToArchive,
      export(...args) {
        const run = store.export(...args);
        runs.push(run);
        return run;
      },
    },
  });
  /** One tick; returns the number of runs that it began, which have ended then. */
  async function tickAt(at: number): Promise<number> {
    now = at;
    runs = [];
    days.tick();
    days.tick();
    await Promise.allSettled(runs);
    // What follows the end of a run.
    await new Promise((resolve) => setImmediate(resolve));
    return runs.length;
  }

  await store.commit(batchOf(1, [[1, midnight, 1]], [series(1, 'temperature')]), midnight);
  await store.seal();
  assert.equal(await tickAt(midnight + hour), 0);
  const finished = midnight + dayMs + 2 * hour;
  await turnTo(finished);
  mkdirSync(dirname(archive), { recursive: true });
  writeFileSync(archive, 'a file in its place');
  assert.equal(await tickAt(finished), 1);
  assert.deepEqual([days.days(), days.failures()], [0, 1]);
  rmSync(archive);
  assert.equal(await tickAt(finished + 59_000), 0);
  assert.equal(await tickAt(finished + 60_000), 1);
  assert.deepEqual([days.days(), days.failures(), readdirSync(archive)], [1, 1, ['2026-11-22.parquet']]);
  assert.equal(await tickAt(finished + 180_000), 0);

  await store.commit(batchOf(2, [[1, midnight + 5, 2]]), midnight);
  await store.seal();
  await turnTo(finished + 2 * hour);
  assert.equal(await tickAt(finished + 2 * hour), 1);
  assert.equal(days.days(), 2);
});

test('without store.archive nothing is looked at, and a run that the closing store ends is no failure', async (context) => {
  const { store, turnTo } = await openOnClock(context, folderFor(context));
  const common = { clock: { now: () => midnight + 2 * dayMs }, log: pino({ level: 'silent' }) };
  const none = createDayArchive({
    ...common,
    folder: undefined,
    store: { daysToArchive: () => assert.fail(), export: () => assert.fail() },
  });
  none.tick();
  await store.commit(batchOf(1, [[1, midnight, 1]], [series(1, 'temperature')]), midnight);
  await store.seal();
  await turnTo(midnight + dayMs + 2 * hour);
  const days = createDayArchive({ ...common, folder: join(tempFolder(context), 'archive'), store });
  days.tick();
  await store.close();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([days.days(), days.failures()], [0, 0]);
});
