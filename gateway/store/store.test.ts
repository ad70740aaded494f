import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import type { Device } from '../domain/device.js';
import type { ReadingRow, ReadingsQuery } from '../domain/readingsQuery.js';
import { seriesKinds } from '../domain/series.js';
import { openForWriting } from './sqlite/openDatabase.js';
import { batchOf, folderFor, midnight, openTestStore, series } from './store.fixture.js';
import type { Store } from './store.js';

const now = midnight;

const open = openTestStore;

async function readAll(store: Store, query: Partial<ReadingsQuery> = {}) {
  const page = await store.read('readings', {
    device: { id: 'd', key: 1, createdAt: 1 },
    series: [1, 2].map((id) => ({
      id,
      metric: id === 2 ? 'door' : 'temperature',
      kind: id === 2 ? seriesKinds.string : seriesKinds.number,
    })),
    from: 0,
    to: Number.MAX_SAFE_INTEGER,
    order: 'asc',
    limit: 100,
    after: null,
    everyMs: null,
    ...query,
  });
  return (page.rows as ReadingRow[]).map(({ series: id, ts, value }) => [id, ts, value]);
}

test('committed readings, marks, latest values and series are restored after a restart', async (context) => {
  const folder = folderFor(context);
  const first = await open(context, folder);
  const batch = batchOf(
    1,
    [
      [1, now, 21.5],
      [2, now, 0],
    ],
    [series(1, 'temperature'), series(2, 'door', seriesKinds.string)],
  );
  batch.strings.push('open');
  await first.store.commit(batch, now + 5);
  await first.store.commit(batchOf(7, [[1, now + 1, 22]]), now + 6);
  await first.store.close();

  const { store, restored } = await open(context, folder);
  assert.deepEqual(await readAll(store), [
    [1, now, 21.5],
    [2, now, 'open'],
    [1, now + 1, 22],
  ]);
  assert.deepEqual(restored.streams, [{ id: 1, deviceKey: 1, name: 'main', kept: true, mark: 7, usedAt: now + 7 }]);
  assert.deepEqual(
    restored.series.map(({ metric }) => metric),
    ['temperature', 'door'],
  );
  assert.deepEqual([...restored.latest.value], [22, 0]);
  assert.deepEqual(restored.latest.strings, ['open']);
  assert.deepEqual([restored.nextSeriesId, restored.nextStreamId, restored.newestCommitAt], [3, 2, now + 6]);
  await store.close();
});

test('a reading at the newest time of its series is a repeat: counted, not stored, also after a restart', async (context) => {
  const folder = folderFor(context);
  const first = await open(context, folder);
  await first.store.commit(batchOf(1, [[1, now, 1]], [series(1, 'a')]), now);
  const again = await first.store.commit(
    batchOf(2, [
      [1, now, 2],
      [1, now + 1, 3],
      [1, now + 1, 4],
    ]),
    now,
  );
  assert.equal(again.repeated, 2);
  await first.store.close();
  const second = await open(context, folder);
  const third = await second.store.commit(batchOf(3, [[1, now + 1, 5]]), now);
  assert.equal(third.repeated, 1);
  assert.deepEqual(await readAll(second.store), [
    [1, now, 1],
    [1, now + 1, 3],
  ]);
  await second.store.close();
});

test('of two older readings of one identity a query returns only the first stored one', async (context) => {
  const { store } = await open(context, folderFor(context));
  await store.commit(
    batchOf(
      1,
      [
        [1, now, 1],
        [1, now + 10, 2],
      ],
      [series(1, 'a')],
    ),
    now,
  );
  await store.commit(
    batchOf(2, [
      [1, now, 9],
      [1, now + 5, 3],
    ]),
    now,
  );
  assert.deepEqual(await readAll(store), [
    [1, now, 1],
    [1, now + 5, 3],
    [1, now + 10, 2],
  ]);
  assert.deepEqual(await readAll(store, { order: 'desc', limit: 2 }), [
    [1, now + 10, 2],
    [1, now + 5, 3],
  ]);
  await store.close();
});

test('pages follow each other without a gap or a repeat, in both orders', async (context) => {
  const { store } = await open(context, folderFor(context));
  const rows = Array.from({ length: 50 }, (_, i): [number, number, number] => [1, now + ((i * 37) % 50), i]);
  await store.commit(batchOf(1, rows, [series(1, 'a')]), now);
  for (const order of ['asc', 'desc'] as const) {
    const seen: number[] = [];
    for (let after: ReadingsQuery['after'] = null; ; ) {
      const page = await readAll(store, { order, limit: 7, after });
      seen.push(...page.map(([, ts]) => ts as number));
      if (page.length < 7) break;
      after = { series: 1, ts: page[6][1] as number };
    }
    const expected = Array.from({ length: 50 }, (_, i) => now + i);
    assert.deepEqual(seen, order === 'asc' ? expected : expected.reverse());
  }
  await store.close();
});

test('a failed commit stores nothing, and the same readings are stored when they are sent again', async (context) => {
  const folder = folderFor(context);
  const { store } = await open(context, folder);
  await store.commit(batchOf(1, [[1, now, 1]], [series(1, 'a')]), now);
  const broken = batchOf(2, [[1, now + 1, 2]]);
  broken.rejected.push({
    deviceKey: 1,
    stream: 'main',
    seq: 3,
    receivedAt: now,
    code: 'x',
    path: null,
    message: null as never,
    encoding: 'json',
    meaning: null,
    bytes: new Uint8Array(1),
  });
  await assert.rejects(store.commit(broken, now), { code: 'SQLITE_CONSTRAINT_NOTNULL' });
  const again = await store.commit(batchOf(2, [[1, now + 1, 2]]), now);
  assert.equal(again.repeated, 0);
  assert.deepEqual(await readAll(store), [
    [1, now, 1],
    [1, now + 1, 2],
  ]);
  await store.close();
});

test('rejected frames are stored with their batch, and at most a thousand per device are kept', async (context) => {
  const { store } = await open(context, folderFor(context));
  const batch = batchOf(1, []);
  for (let seq = 1; seq <= 1_005; seq++) {
    batch.rejected.push({
      deviceKey: 1,
      stream: 'main',
      seq,
      receivedAt: now,
      code: 'value_invalid',
      path: '/values/a',
      message: 'm',
      encoding: 'json',
      meaning: null,
      bytes: Buffer.from(`{"seq":${seq}}`),
    });
  }
  const { rids, rejectedDropped } = await store.commit(batch, now);
  assert.equal(rejectedDropped, 5);
  const [newest, next] = await store.read('rejected', { deviceKey: 1, before: null, limit: 2 });
  assert.deepEqual(
    [newest.rid, newest.seq, Buffer.from(newest.bytes).toString()],
    [rids[1_004], 1_005, '{"seq":1005}'],
  );
  assert.equal(next.seq, 1_004);
  assert.equal((await store.read('rejected', { deviceKey: 1, before: null, limit: 5_000 })).length, 1_000);
  assert.deepEqual(await store.read('rejected', { deviceKey: 2, before: null, limit: 10 }), []);
  await store.markAdmitted(newest.rid, now + 9);
  assert.equal((await store.read('rejectedFrame', 1, newest.rid))?.admittedAt, now + 9);
  assert.equal(await store.read('rejectedFrame', 2, newest.rid), null);
  await store.close();
});

test('registry changes are one transaction, and the key of a removed device is never used again', async (context) => {
  const folder = folderFor(context);
  const device: Device = {
    key: 1,
    id: 'a',
    name: null,
    notes: null,
    model: null,
    tags: { site: 'north' },
    state: 'active',
    createdAt: now,
    attributes: {},
    credentials: [
      { cid: 'c', hash: new Uint8Array(32), createdAt: now, notBefore: now - 1, notAfter: null, lastUsedAt: null },
    ],
  };
  const first = await open(context, folder);
  await first.store.change([{ type: 'put_device', device }]);
  const twin = { ...device, key: 2 };
  await assert.rejects(
    first.store.change([
      {
        type: 'put_key',
        key: {
          id: 'k',
          name: 'n',
          role: 'viewer',
          hash: new Uint8Array(32),
          createdAt: now,
          notAfter: null,
          lastUsedAt: null,
        },
      },
      { type: 'put_device', device: twin },
    ]),
  );
  await first.store.close();
  const second = await open(context, folder);
  assert.deepEqual(
    second.restored.devices.map(({ id, tags, credentials }) => ({ id, tags, cids: credentials.map(({ cid }) => cid) })),
    [{ id: 'a', tags: { site: 'north' }, cids: ['c'] }],
  );
  assert.deepEqual(second.restored.keys, []);
  await second.store.change([{ type: 'remove_device', deviceKey: 1 }]);
  await second.store.close();
  const third = await open(context, folder);
  assert.deepEqual([third.restored.devices, third.restored.nextDeviceKey], [[], 2]);
  await third.store.close();
});

test('a data folder cannot be opened twice at the same time', async (context) => {
  const folder = folderFor(context);
  const { store } = await open(context, folder);
  await assert.rejects(open(context, folder), { code: 'DATA_LOCKED' });
  await store.close();
  await (await open(context, folder)).store.close();
});

test('a database of a newer version is refused and not changed', async (context) => {
  const folder = folderFor(context);
  await (await open(context, folder)).store.close();
  const db = new Database(join(folder, 'log.db'));
  db.pragma('user_version = 99');
  db.close();
  await assert.rejects(open(context, folder), { code: 'DATA_NEWER' });
});

test('commits use synchronous=FULL, also if the database exists already', (context) => {
  const file = join(folderFor(context), 'x.db');
  openForWriting(file, { first: 1, steps: [] }).close();
  const again = openForWriting(file, { first: 1, steps: [] });
  assert.equal(again.pragma('synchronous', { simple: true }), 2);
  again.close();
});
