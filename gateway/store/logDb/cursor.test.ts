import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { addFrame, type Batch } from '../../columns/batch.js';
import { type SeriesRecord, seriesKinds } from '../../domain/series.js';
import { batchOf, folderFor, midnight, openTestStore, queryOf, readTriples, series } from '../store.fixture.js';
import { openLogReader } from './logReader.js';

const known = [series(1, 'temperature'), series(2, 'door', seriesKinds.string)];

function inLog<Value>(folder: string, sql: string): Value {
  const db = new Database(join(folder, 'log.db'), { readonly: true });
  try {
    return db.prepare(sql).pluck().get() as Value;
  } finally {
    db.close();
  }
}

const rowsIn = (folder: string): number => inLog(folder, 'SELECT count(*) FROM log');

test('sealed rows stay in the log until every cursor has passed them, and queries return them once', async (context) => {
  const folder = folderFor(context);
  const { store } = await openTestStore(context, folder);
  const start = await store.cursors.open('one', midnight);
  await store.cursors.open('two', midnight);
  for (const seq of [1, 2, 3]) {
    await store.commit(batchOf(seq, [[1, midnight + seq, seq]], seq === 1 ? [known[0]] : []), midnight + seq);
    if (seq === 2) await store.seal();
  }
  const expected = [1, 2, 3].map((seq) => [1, midnight + seq, seq]);
  assert.equal(rowsIn(folder), 3);
  assert.deepEqual(await readTriples(store, queryOf([known[0]])), expected);
  assert.equal(store.unsealedReadings(), 1);
  await store.cursors.move('one', start + 2, midnight);
  assert.equal(rowsIn(folder), 3, 'the other cursor is behind');
  await store.cursors.move('two', start + 1, midnight);
  assert.equal(rowsIn(folder), 2);
  await store.cursors.move('two', start + 3, midnight);
  assert.equal(rowsIn(folder), 1, 'an unsealed row stays, whatever the positions of the cursors');
  await store.cursors.remove('one');
  await store.seal();
  assert.equal(rowsIn(folder), 0);
  assert.deepEqual(await readTriples(store, queryOf([known[0]])), expected);
});

test('a cursor and the rows after it are kept over a restart, and the rows are cut when the cursor is removed', async (context) => {
  const folder = folderFor(context);
  const first = await openTestStore(context, folder);
  const start = await first.store.cursors.open('bridge', midnight);
  for (const seq of [1, 2])
    await first.store.commit(batchOf(seq, [[1, midnight + seq, seq]], seq === 1 ? known : []), midnight + seq);
  await first.store.cursors.move('bridge', start + 1, midnight);
  await first.store.seal();
  await first.store.close();

  const second = await openTestStore(context, folder);
  assert.deepEqual(second.restored.cursors, [{ consumer: 'bridge', position: start + 1 }]);
  assert.equal(second.restored.replayedReadings, 0, 'sealed rows are not replayed, also if they are still in the log');
  assert.equal(second.restored.newestCommitAt, midnight + 2);
  assert.equal(await second.store.cursors.open('bridge', midnight), start + 1);
  assert.equal(rowsIn(folder), 1);
  await second.store.cursors.remove('bridge');
  assert.equal(rowsIn(folder), 0);
});

test('a new cursor begins after the last commit', async (context) => {
  const folder = folderFor(context);
  const { store } = await openTestStore(context, folder);
  const { position } = await store.commit(batchOf(1, [[1, midnight, 1]], known), midnight);
  assert.equal(await store.cursors.open('bridge', midnight), position);
});

test('a move of a cursor to an earlier position throws', async (context) => {
  const { store } = await openTestStore(context, folderFor(context));
  const start = await store.cursors.open('bridge', midnight);
  await store.cursors.move('bridge', start + 5, midnight);
  await assert.rejects(store.cursors.move('bridge', start + 4, midnight), /never moves back/);
});

/** A frame of device 1 in a stream that ends with its link. */
function ownStreamBatch(stream: number, name: string, seq: number): Batch {
  const batch = batchOf(2, [[1, midnight + 10 * stream + seq, seq]]);
  batch.frames = 0;
  addFrame(batch, 1, stream, seq, 1, midnight);
  if (seq === 1) batch.declared.streams.push({ id: stream, deviceKey: 1, name, kept: false });
  return batch;
}

test('the name of a stream is kept while rows may use it, also after the row that declared it is cut', async (context) => {
  const folder = folderFor(context);
  const { store } = await openTestStore(context, folder);
  await store.cursors.open('bridge', midnight);
  await store.commit(batchOf(1, [[1, midnight, 1]], known), midnight);
  await store.commit(ownStreamBatch(2, 'link-a', 1), midnight);
  const { position } = await store.commit(ownStreamBatch(3, 'admitted', 1), midnight);
  await store.seal();
  await store.cursors.move('bridge', position, midnight);
  assert.equal(rowsIn(folder), 0);
  await store.commit(ownStreamBatch(2, 'link-a', 2), midnight);
  const reader = openLogReader(folder);
  context.after(reader.close);
  assert.equal(reader.stream(1)?.name, 'main');
  assert.equal(reader.stream(2)?.name, 'link-a');
  assert.equal(reader.stream(4), null);
  assert.equal(reader.series(1)?.device, 'd');
  assert.equal(reader.series(99), null);
  for (const [stream, name] of [
    [4, 'link-b'],
    [5, 'link-c'],
    [6, 'admitted'],
  ] as const)
    await store.commit(ownStreamBatch(stream, name, 1), midnight);
  await store.seal();
  await store.cursors.move('bridge', position + 4, midnight);
  assert.equal(reader.stream(2), null, 'the stream of a link that was replaced twice is forgotten');
  assert.deepEqual([reader.stream(5)?.name, reader.stream(6)?.name], ['link-c', 'admitted']);
  assert.equal(reader.stream(3), null);
  await store.cursors.remove('bridge');
  assert.equal(inLog(folder, 'SELECT count(*) FROM stream_names'), 0);
});

test('a reader gets whole rows, at least one, and keeps no snapshot between calls', async (context) => {
  const folder = folderFor(context);
  const { store } = await openTestStore(context, folder);
  for (const seq of [1, 2, 3])
    await store.commit(batchOf(seq, [[1, midnight + seq, seq]], seq === 1 ? known : []), midnight + seq);
  const reader = openLogReader(folder);
  context.after(reader.close);
  assert.deepEqual(
    reader.rows(0, 1).map(({ frames }) => frames.seq[0]),
    [1],
  );
  assert.deepEqual(
    reader.rows(1, 1e6).map(({ frames }) => frames.seq[0]),
    [2, 3],
  );
  assert.deepEqual(
    reader.heads(1).map(({ position, readings }) => [position, readings]),
    [
      [2, 1],
      [3, 1],
    ],
  );
  assert.deepEqual(reader.contents(1).frames, 1);
  assert.deepEqual(
    [...reader.declaredIn(0, 3)].map(({ streams }) => streams[0].name),
    ['main'],
  );
  const writer = new Database(join(folder, 'log.db'));
  const [{ busy }] = writer.pragma('wal_checkpoint(TRUNCATE)') as [{ busy: number }];
  writer.close();
  assert.equal(busy, 0, 'a snapshot would keep the checkpoint from truncating');
});

test('an erased device is removed from rows that wait for a cursor, and other devices keep their places and strings', async (context) => {
  const folder = folderFor(context);
  const { store } = await openTestStore(context, folder);
  await store.cursors.open('bridge', midnight);
  const theirs: SeriesRecord = { ...series(3, 'secret-note', seriesKinds.string), deviceKey: 2, device: 'gone' };
  const batch = batchOf(
    1,
    [
      [2, midnight, 0],
      [3, midnight, 1],
      [2, midnight + 1, 2],
    ],
    [...known, theirs],
  );
  batch.strings.push('open', 'private words', 'shut');
  batch.frames = 0;
  addFrame(batch, 1, 1, 1, 1, midnight);
  addFrame(batch, 2, 2, 1, 1, midnight);
  addFrame(batch, 1, 1, 2, 1, midnight);
  batch.declared.streams.push({ id: 2, deviceKey: 2, name: 'theirs', kept: true });
  await store.commit(batch, midnight);
  store.leaveOut(2);
  await store.seal();
  await store.forget(2);
  const reader = openLogReader(folder);
  context.after(reader.close);
  const [row] = reader.rows(0, 1e6);
  assert.deepEqual([...row.frames.device], [1, 0, 1]);
  assert.deepEqual([...row.frames.readings], [1, 0, 1]);
  assert.deepEqual([...row.readings.series], [2, 2]);
  assert.deepEqual(
    [...row.readings.value].map((at) => row.readings.strings[at]),
    ['open', 'shut'],
  );
  assert.deepEqual(
    row.declared?.series.map(({ device }) => device),
    ['d', 'd'],
  );
  assert.equal(inLog(folder, "SELECT count(*) FROM log WHERE instr(strings, 'private') > 0"), 0);
});
