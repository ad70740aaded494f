import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { folderFor, openTestStore } from '../store.fixture.js';
import { commitDay, specOf } from './exporting.fixture.js';

test('an export runs in a thread of its own while readings are committed and sealed', async (context) => {
  const [folder, out] = [folderFor(context), folderFor(context)];
  const { store } = await openTestStore(context, folder);
  await commitDay(store, 1, 0, 40_000);
  await store.seal();
  let seq = 2;
  let sealing: Promise<void> | null = null;
  let last = 0;
  await store.export({ type: 'export', spec: specOf(out, 'csv') }, ({ finished, readings }) => {
    if (finished) last = readings;
    sealing ??= commitDay(store, seq++, 3, 50).then(() => store.seal());
  });
  await sealing;
  assert.equal(last, 160_000);
  assert.equal(store.unsealedReadings(), 0);
});

test('an export that is cancelled leaves nothing unfinished, and the one behind it runs', async (context) => {
  const [folder, out, other] = [folderFor(context), folderFor(context), folderFor(context)];
  const { store } = await openTestStore(context, folder);
  await commitDay(store, 1, 0, 40_000);
  await store.seal();
  const cancel = new AbortController();
  const reason = new Error('it was cancelled');
  const first = store.export(
    { type: 'export', spec: specOf(out, 'parquet') },
    () => cancel.abort(reason),
    cancel.signal,
  );
  const second = store.export({ type: 'export', spec: specOf(other, 'parquet') }, () => {});
  await assert.rejects(first, reason);
  assert.deepEqual(readdirSync(out), ['export.json']);
  await second;
  assert.deepEqual(readdirSync(other), ['2026-11-22.parquet', 'export.json']);
  const early = store.export({ type: 'export', spec: specOf(out, 'parquet') }, () => assert.fail(), cancel.signal);
  await assert.rejects(early, reason);
});

test('the errors of the thread keep their code, and the store closes while an export runs', async (context) => {
  const [folder, out, other] = [folderFor(context), folderFor(context), folderFor(context)];
  const { store } = await openTestStore(context, folder);
  await commitDay(store, 1, 0, 40_000);
  await store.seal();
  await store.export({ type: 'export', spec: specOf(out, 'csv') }, () => {});
  const same = store.export({ type: 'export', spec: specOf(out, 'ndjson') }, () => {});
  await assert.rejects(same, { code: 'FOLDER_INVALID' });
  let closed: Promise<void> | null = null;
  const running = store.export({ type: 'export', spec: specOf(other, 'ndjson') }, () => {
    closed ??= store.close();
  });
  await assert.rejects(running, /the store is closing/);
  await closed;
  assert.deepEqual(readdirSync(other), ['export.json']);
});
