import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { StorageBody } from '../../schemas/generated/operator.js';
import { startTestGateway } from '../gateway.fixture.js';

test('the storage lists the files by kind and by day as the file system has them, also to a viewer', async (context) => {
  const { api, addDevice, connect, data } = await startTestGateway(context, [
    'store.retentionDays=9',
    'store.rollupRetentionDays=99',
  ]);
  const viewer = (await api('POST', '/v1/keys', { name: 'wall', role: 'viewer' })).body as { key: string };
  const read = async (): Promise<StorageBody> => (await api('GET', '/v1/storage', undefined, viewer.key)).body;
  const empty = await read();
  assert.deepEqual(empty.days, []);
  assert.deepEqual([empty.bytesPerDay, empty.fullAt, empty.unsealedReadings], [null, null, 0]);
  assert.deepEqual([empty.retentionDays, empty.rollupRetentionDays, empty.retentionPaused], [9, 99, null]);
  assert.equal(empty.dataFolder, data);

  const link = await connect(await addDevice('d'), '?stream=main');
  const yesterday = Date.now() - 86_400_000;
  link.send({ seq: 1, ts: yesterday, values: { temperature: 20 } });
  link.send({ seq: 2, values: { temperature: 21 } });
  await link.untilAck(2);
  assert.equal((await read()).unsealedReadings, 2);
  assert.equal((await api('POST', '/v1/gateway/seal')).status, 204);
  const sealed = await read();
  const dayOf = (ts: number): string => new Date(ts).toISOString().slice(0, 10);
  assert.deepEqual(
    sealed.days.map(({ day }) => day),
    [dayOf(yesterday + 86_400_000), dayOf(yesterday)],
  );
  const file = join(data, 'readings', `${dayOf(yesterday)}.db`);
  assert.ok(sealed.days[1].readingsBytes >= statSync(file).size);
  assert.equal(sealed.unsealedReadings, 0);
  assert.equal(sealed.bytesPerDay, sealed.days[1].readingsBytes + sealed.days[1].rollupBytes);
  assert.ok(sealed.logBytes > 0 && sealed.registryBytes > 0 && sealed.freeBytes > 0);

  assert.equal((await api('GET', '/v1/storage?day=today')).status, 400);
  assert.equal((await api('GET', '/v1/storage', undefined, null)).status, 401);
});
