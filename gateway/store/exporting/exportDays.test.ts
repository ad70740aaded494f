import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { exportFormats } from '../../domain/exports.js';
import { batchOf, folderFor, midnight, openOnClock, openTestStore, series } from '../store.fixture.js';
import { extensionOf } from './dayOutput.js';
import { exportDays } from './exportDays.js';
import {
  askDuckDb,
  commitDay,
  exportAll,
  inOrder,
  oddNumbers,
  readParquet,
  readRows,
  specOf,
} from './exporting.fixture.js';
import { rowsPerGroup } from './parquetOutput.js';

const dayMs = 86_400_000;

const hour = 3_600_000;

for (const format of exportFormats)
  test(`${format}: every reading comes back bit for bit and in order, of live, finished and late days`, async (context) => {
    const [folder, out] = [folderFor(context), join(folderFor(context), 'new', 'out')];
    const { store, turnTo } = await openOnClock(context, folder);
    const first = await commitDay(store, 1, 0, 700);
    await store.seal();
    await turnTo(midnight + dayMs + 2 * hour);
    const late = await commitDay(store, 2, 0, 30);
    const second = await commitDay(store, 3, 1, 40);
    await store.seal();
    second.push(...(await commitDay(store, 4, 1, 50)));
    await store.seal();
    assert.ok(existsSync(join(folder, 'readings', '2026-11-22.late.db')));

    const made = exportAll(folder, specOf(out, format));
    assert.deepEqual([made.done, made.total, made.readings, made.damaged], [2, 2, 4 * 820, 0]);
    const names = ['2026-11-22', '2026-11-23'].map((day) => day + extensionOf[format]);
    assert.deepEqual(readdirSync(out), [...names, 'export.json']);
    assert.equal(
      made.bytes,
      names.reduce((sum, name) => sum + statSync(join(out, name)).size, 0),
    );
    assert.deepEqual(await readRows(join(out, names[0]), format), inOrder([...first, ...late]));
    assert.deepEqual(await readRows(join(out, names[1]), format), inOrder(second));
  });

test('a Parquet file has the types that its documentation names, and times as differences', async (context) => {
  const [folder, out] = [folderFor(context), folderFor(context)];
  const { store } = await openTestStore(context, folder);
  await commitDay(store, 1, 0, oddNumbers.length);
  await store.seal();
  exportAll(folder, specOf(out, 'parquet'));
  const path = join(out, '2026-11-22.parquet');
  const columns = await askDuckDb(`DESCRIBE SELECT * FROM '${path}'`);
  assert.deepEqual(
    columns.map(([name, type]) => `${name} ${type}`),
    ['device VARCHAR', 'metric VARCHAR', 'unit VARCHAR', 'ts TIMESTAMP WITH TIME ZONE'].concat([
      'value DOUBLE',
      'value_text VARCHAR',
      'value_bool BOOLEAN',
    ]),
  );
  const encodings = await askDuckDb(`SELECT path_in_schema, encodings FROM parquet_metadata('${path}')`);
  const encodingOf = Object.fromEntries(encodings as [string, string][]);
  assert.equal(encodingOf.ts, 'DELTA_BINARY_PACKED');
  for (const name of ['device', 'metric', 'unit']) assert.match(encodingOf[name], /RLE_DICTIONARY/);
});

test('a day of more than one row group is complete, and one value per kind is set', async (context) => {
  const [folder, out] = [folderFor(context), folderFor(context)];
  const { store } = await openTestStore(context, folder);
  const count = rowsPerGroup + 1_000;
  const readings = Array.from({ length: count }, (_, i): [number, number, number] => [1, midnight + i * 300, i % 1000]);
  await store.commit(batchOf(1, readings, [series(1, 'temperature')]), midnight);
  await store.seal();
  exportAll(folder, specOf(out, 'parquet'));
  const path = join(out, '2026-11-22.parquet');
  assert.deepEqual(await askDuckDb(`SELECT DISTINCT row_group_num_rows FROM parquet_metadata('${path}') ORDER BY 1`), [
    [1_000n],
    [BigInt(rowsPerGroup)],
  ]);
  const rows = await readParquet(path);
  assert.deepEqual(
    rows,
    readings.map(([, ts, value]) => ['d', 'temperature', null, ts, value, null, null]),
  );
});

test('devices and the range choose readings, also within a day, and a day without any has no file', async (context) => {
  const [folder, out] = [folderFor(context), folderFor(context)];
  const { store } = await openTestStore(context, folder);
  const rows = await commitDay(store, 1, 0, 2_000);
  await commitDay(store, 2, 2, 5);
  await store.seal();
  const [from, to] = [midnight + 777_001, midnight + 1_300_001];
  const spec = specOf(out, 'ndjson', { from, to: midnight + 2 * dayMs + 2, devices: ['a-device'] });
  assert.equal(exportAll(folder, spec).total, 2);
  assert.deepEqual(readdirSync(out), ['2026-11-22.ndjson', 'export.json']);
  const chosen = rows.filter(([device, , , ts]) => device === 'a-device' && ts >= from);
  assert.deepEqual(await readRows(join(out, '2026-11-22.ndjson'), 'ndjson'), chosen);

  const other = folderFor(context);
  exportAll(folder, specOf(other, 'csv', { from, to }));
  const span = rows.filter(([, , , ts]) => ts >= from && ts < to);
  assert.deepEqual(await readRows(join(other, '2026-11-22.csv'), 'csv'), span);
});

test('an export that is ended anywhere leaves only complete files, and the next run writes only the others', async (context) => {
  const folder = folderFor(context);
  const { store } = await openTestStore(context, folder);
  const days = [];
  for (let day = 0; day < 3; day++) days.push(await commitDay(store, day + 1, day, 15_000));
  await store.seal();
  const whole = folderFor(context);
  let steps = 0;
  for (const _ of exportDays(folder, specOf(whole, 'csv'))) steps++;
  assert.ok(steps > 5, `${steps} steps`);
  for (let endedAfter = 1; endedAfter <= steps; endedAfter++) {
    const out = folderFor(context);
    const ended = exportDays(folder, specOf(out, 'csv'));
    let done = 0;
    for (let step = 0; step < endedAfter; step++) done = (ended.next().value as { done: number }).done;
    ended.return({} as never);
    const files = readdirSync(out).filter((name) => name !== 'export.json');
    assert.equal(files.length, done);
    const times = files.map((name) => statSync(join(out, name)).mtimeMs);
    const made = exportAll(folder, specOf(out, 'csv'));
    assert.deepEqual([made.done, made.readings], [3, 60_000 * (3 - done)]);
    assert.deepEqual(
      files.map((name) => statSync(join(out, name)).mtimeMs),
      times,
    );
    for (const name of readdirSync(whole))
      assert.deepEqual(readFileSync(join(out, name)), readFileSync(join(whole, name)));
  }
});

test('a later run writes a day again if readings of it came, and none that was only finished', async (context) => {
  const [folder, out] = [folderFor(context), folderFor(context)];
  const { store, turnTo, done } = await openOnClock(context, folder);
  const rows = await commitDay(store, 1, 0, 20);
  const other = await commitDay(store, 2, 1, 20);
  await store.seal();
  exportAll(folder, specOf(out, 'ndjson'));
  await turnTo(midnight + 2 * dayMs + 2 * hour);
  assert.deepEqual(done().sort(), ['finish 2026-11-22', 'finish 2026-11-23']);
  assert.equal(exportAll(folder, specOf(out, 'ndjson')).readings, 0);
  rows.push(...(await commitDay(store, 3, 0, 5)));
  await store.seal();
  assert.equal(exportAll(folder, specOf(out, 'ndjson')).readings, 100);
  assert.deepEqual(await readRows(join(out, '2026-11-22.ndjson'), 'ndjson'), inOrder(rows));
  rmSync(join(out, '2026-11-23.ndjson'));
  assert.equal(exportAll(folder, specOf(out, 'ndjson')).readings, 80);
  assert.deepEqual(await readRows(join(out, '2026-11-23.ndjson'), 'ndjson'), other);
});

test('what a killed export left is removed, and its complete days stay', async (context) => {
  const [folder, out] = [folderFor(context), folderFor(context)];
  const { store } = await openTestStore(context, folder);
  const rows = await commitDay(store, 1, 0, 20);
  await store.seal();
  exportAll(folder, specOf(out, 'sqlite'));
  // Killed while it wrote the day: the note does not have the day, and a part is there.
  const note = JSON.parse(readFileSync(join(out, 'export.json'), 'utf8'));
  writeFileSync(join(out, 'export.json'), JSON.stringify({ ...note, days: {} }));
  writeFileSync(join(out, '2026-11-22.sqlite.part'), 'half a file');
  assert.equal(exportAll(folder, specOf(out, 'sqlite')).readings, 80);
  assert.deepEqual(readdirSync(out), ['2026-11-22.sqlite', 'export.json']);
  assert.deepEqual(await readRows(join(out, '2026-11-22.sqlite'), 'sqlite'), rows);
});

test('a folder with other files, with another export, or that is a file is refused and left as it is', async (context) => {
  const folder = folderFor(context);
  const { store } = await openTestStore(context, folder);
  await commitDay(store, 1, 0, 2);
  await store.seal();
  const refused = (out: string, pattern: RegExp, spec = specOf(out, 'csv')): void => {
    const before = existsSync(out) && statSync(out).isDirectory() ? readdirSync(out) : null;
    assert.throws(() => exportAll(folder, spec), { code: 'FOLDER_INVALID', message: pattern });
    if (before !== null) assert.deepEqual(readdirSync(out), before);
  };
  const photos = folderFor(context);
  writeFileSync(join(photos, 'photo.jpg'), '');
  refused(photos, /has photo\.jpg, which is not of an export/);
  const unsaid = folderFor(context);
  writeFileSync(join(unsaid, '2026-11-22.csv'), 'mine');
  refused(unsaid, /has files, and no export\.json/);
  assert.equal(readFileSync(join(unsaid, '2026-11-22.csv'), 'utf8'), 'mine');
  const file = join(photos, 'photo.jpg');
  refused(file, /cannot be written: it is a file/);
  refused(join(file, 'below'), /cannot be written: the path, or a part of it, is a file/);

  const out = folderFor(context);
  exportAll(folder, specOf(out, 'csv'));
  refused(out, /has an export of the format csv/, specOf(out, 'ndjson'));
  refused(out, /has an export of the range 1970-01-01T00:00:00\.000Z to/, specOf(out, 'csv', { from: 1 }));
  refused(out, /has an export of other devices/, specOf(out, 'csv', { devices: ['d'] }));
  mkdirSync(join(out, 'mine'));
  refused(out, /has mine, which is not of this export/);
});

test('an error while a file is written leaves nothing of it, and the complete days stay', async (context) => {
  const [folder, out] = [folderFor(context), folderFor(context)];
  const { store } = await openTestStore(context, folder);
  await commitDay(store, 1, 0, 20);
  await commitDay(store, 2, 1, 20);
  await store.seal();
  // A folder in the place of the second file: its name cannot be taken.
  mkdirSync(join(out, '2026-11-23.csv'));
  writeFileSync(join(out, '2026-11-23.csv', 'x'), '');
  writeFileSync(
    join(out, 'export.json'),
    JSON.stringify({ format: 'csv', from: 0, to: midnight + 100 * dayMs, devices: 'all', days: {} }),
  );
  assert.throws(() => exportAll(folder, specOf(out, 'csv')), { code: 'EISDIR' });
  assert.deepEqual(readdirSync(out), ['2026-11-22.csv', '2026-11-23.csv', 'export.json']);
});

test('a damaged chunk is left out and counted', async (context) => {
  const [folder, out] = [folderFor(context), folderFor(context)];
  const { store } = await openTestStore(context, folder);
  const rows = await commitDay(store, 1, 0, 600);
  await store.seal();
  const day = new Database(join(folder, 'readings', '2026-11-22.db'));
  const [first] = day
    .prepare<[], [number, number]>(
      "SELECT c.t0, c.n FROM chunk AS c JOIN series AS s ON s.id = c.series WHERE metric = 'door' ORDER BY t0",
    )
    .raw()
    .all();
  day.exec(
    `UPDATE chunk SET crc = crc + 1 WHERE t0 = ${first[0]} AND series = (SELECT id FROM series WHERE metric = 'door')`,
  );
  day.close();
  const made = exportAll(folder, specOf(out, 'ndjson'));
  assert.deepEqual([made.damaged, made.readings], [1, 2_400 - first[1]]);
  const last = first[0] + (first[1] - 1) * 1_000;
  const rest = rows.filter(([, metric, , ts]) => metric !== 'door' || ts > last);
  assert.deepEqual(await readRows(join(out, '2026-11-22.ndjson'), 'ndjson'), rest);
});
