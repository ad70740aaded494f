import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ExportProgress } from '../../domain/exports.js';
import { folderFor, midnight, openOnClock } from '../store.fixture.js';
import { archiveDays, daysToArchive } from './archiveDays.js';
import { commitDay, inOrder, readRows } from './exporting.fixture.js';

const dayMs = 86_400_000;

const hour = 3_600_000;

async function setUp(context: TestContext) {
  const [folder, parent] = [folderFor(context), folderFor(context)];
  const archive = join(parent, 'archive');
  const opened = await openOnClock(context, folder);
  return {
    ...opened,
    folder,
    archive,
    /** Runs the archive to its end on the clock of that time. */
    run(now: number): ExportProgress {
      const steps = archiveDays(folder, archive, now);
      for (;;) {
        const { value, done } = steps.next();
        if (done) return value;
      }
    },
    due: (now: number): number => daysToArchive(folder, archive, now).length,
  };
}

test('finished days are written once, again after late readings or an erasure, and never before they are finished', async (context) => {
  const { store, turnTo, folder, archive, run, due } = await setUp(context);
  const rows = await commitDay(store, 1, 0, 30);
  await store.seal();
  assert.deepEqual([due(midnight), run(midnight).total], [0, 0]);
  const over = midnight + dayMs;
  assert.deepEqual([due(over), run(over).total], [1, 0]);
  await turnTo(over + 2 * hour);
  assert.equal(run(over + 2 * hour).readings, 120);
  const path = join(archive, '2026-11-22.parquet');
  assert.deepEqual(await readRows(path, 'parquet'), rows);
  assert.deepEqual([due(over + 2 * hour), run(over + 2 * hour).total], [0, 0]);

  rows.push(...(await commitDay(store, 2, 0, 5)));
  await store.seal();
  await turnTo(over + 4 * hour);
  assert.deepEqual([due(over + 4 * hour), run(over + 4 * hour).readings], [1, 140]);
  assert.deepEqual(await readRows(path, 'parquet'), inOrder(rows));

  store.leaveOut(2);
  await store.run({ type: 'erase', device: { id: 'a-device', key: 2, createdAt: 2 } }, () => {});
  assert.equal(run(over + 4 * hour).readings, 105);
  assert.deepEqual(
    await readRows(path, 'parquet'),
    inOrder(rows).filter(([device]) => device === 'd'),
  );
  assert.deepEqual(readdirSync(archive), ['2026-11-22.parquet']);
  assert.ok(readdirSync(folder).includes('archived.json'));
});

test('a day that retention removes stays in the archive', async (context) => {
  const { store, turnTo, archive, run, due } = await setUp(context);
  await commitDay(store, 1, 0, 3);
  await store.seal();
  await turnTo(midnight + dayMs + 2 * hour);
  run(midnight + dayMs + 2 * hour);
  const later = midnight + 40 * dayMs;
  await turnTo(later);
  assert.equal(due(later), 0);
  assert.deepEqual(readdirSync(archive), ['2026-11-22.parquet']);
});

test('if the archive cannot be written, nothing is noted, and the next run writes it', async (context) => {
  const { store, turnTo, archive, run, due } = await setUp(context);
  await commitDay(store, 1, 0, 3);
  await store.seal();
  const now = midnight + dayMs + 2 * hour;
  await turnTo(now);
  writeFileSync(archive, 'a file in its place');
  assert.throws(() => run(now), { code: 'EEXIST' });
  rmSync(archive);
  mkdirSync(join(archive, '2026-11-22.parquet', 'x'), { recursive: true });
  assert.throws(() => run(now), { code: 'EISDIR' });
  assert.deepEqual(readdirSync(archive), ['2026-11-22.parquet']);
  assert.equal(due(now), 1);
  rmSync(join(archive, '2026-11-22.parquet'), { recursive: true });
  assert.equal(run(now).done, 1);
  assert.equal(due(now), 0);
});

test('another folder, and a note that cannot be read, begin anew; the part of a killed run is written over', async (context) => {
  const { store, turnTo, folder, archive, run, due } = await setUp(context);
  await commitDay(store, 1, 0, 3);
  await store.seal();
  const now = midnight + dayMs + 2 * hour;
  await turnTo(now);
  run(now);
  assert.equal(daysToArchive(folder, `${archive}-2`, now).length, 1);
  writeFileSync(join(folder, 'archived.json'), '{"folder":');
  assert.equal(due(now), 1);
  writeFileSync(join(archive, '2026-11-22.parquet.part'), 'half');
  const { size } = statSync(join(archive, '2026-11-22.parquet'));
  run(now);
  assert.deepEqual(
    [readdirSync(archive), statSync(join(archive, '2026-11-22.parquet')).size],
    [['2026-11-22.parquet'], size],
  );
});
