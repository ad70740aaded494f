import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { unpackRelease } from '../release.fixture.js';
import { openDayForReading, openDayForWriting } from './dayFile.js';
import { dayMs, dayOf, removeDatabase } from './days.js';
import { isOfRows } from './dayTables.js';

const day = dayOf(Date.parse('2026-11-30'));

const killed = fileURLToPath(new URL('./killedPacking.fixture.js', import.meta.url));

/** Gives the live file of 0.1.0 two more runs, and values of every kind that a reading can have. */
function addRuns(path: string): void {
  const db = new Database(path);
  const [first] = db.prepare<[], { id: number }>("SELECT id FROM series WHERE kind = 'number' ORDER BY id").all();
  for (const run of [2, 3]) {
    db.exec(`
      CREATE TABLE run_${run} (series INTEGER NOT NULL, ts INTEGER NOT NULL, value NOT NULL, PRIMARY KEY (series, ts)) WITHOUT ROWID;
      INSERT INTO run_${run} SELECT series, ts + ${run}, value FROM run_1;`);
    const insert = db.prepare(`INSERT INTO run_${run} VALUES (?, ?, ?)`);
    const values = [0.1 + 0.2, -1e300, 5e-324, 2 ** 53, 1 / 3, -0.5, 1e9, Math.fround(21.1)];
    for (let i = 0; i < 2_000; i++)
      insert.run(first.id, day * dayMs + 1_000 * i + run, values[(i * run) % values.length]);
    db.exec(`
      INSERT INTO runs SELECT ${run}, 0, (SELECT count(*) FROM run_${run}), (SELECT min(ts) FROM run_${run}),
        (SELECT max(ts) FROM run_${run}), epoch, position, sealed_at FROM runs WHERE id = 1;`);
  }
  const arm = (run: number): string =>
    `SELECT s.device, s.metric, s.unit, r.ts, r.value FROM series AS s JOIN run_${run} AS r ON r.series = s.id`;
  db.exec(`DROP VIEW readings; CREATE VIEW readings AS ${[1, 2, 3].map(arm).join(' UNION ALL ')}`);
  db.close();
}

const readingsOf = (db: Database.Database): unknown[] =>
  db.prepare('SELECT device, metric, unit, ts, value FROM readings ORDER BY device, metric, ts').raw().all();

test('killed at any point of packing the rows of a live file, its rows count until all are packed, and then its chunks', (context) => {
  const folder = unpackRelease(context, '0.1.0');
  const source = join(folder, 'readings', '2026-11-30.db');
  addRuns(source);
  const before = openDayForReading(source);
  const wanted = readingsOf(before);
  before.close();
  assert.equal(wanted.length, 3 * 24 + 4_000);
  const path = join(folder, 'killed.db');
  let points = 0;
  for (let signal: NodeJS.Signals | null = 'SIGKILL'; signal === 'SIGKILL'; points++) {
    removeDatabase(path);
    copyFileSync(source, path);
    const ended = spawnSync(process.execPath, [killed, path, String(day), String(points + 1)], { encoding: 'utf8' });
    ({ signal } = ended);
    assert.ok(signal === 'SIGKILL' || ended.status === 0, ended.stderr);
    const found = openDayForReading(path);
    assert.deepEqual([isOfRows(found), readingsOf(found)], [signal === 'SIGKILL', wanted], `point ${points + 1}`);
    found.close();
    const again = openDayForWriting(path, day);
    assert.deepEqual([isOfRows(again), readingsOf(again)], [false, wanted], `point ${points + 1}, opened again`);
    const tables = "SELECT name FROM sqlite_schema WHERE name LIKE 'run\\_%' ESCAPE '\\'";
    assert.deepEqual(again.prepare(tables).all(), []);
    again.close();
  }
  assert.ok(points > 12, `${points - 1} points`);
});
