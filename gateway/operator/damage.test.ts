import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gatewayTools, startOn, startTestGateway } from '../gateway.fixture.js';
import { systemClock } from '../process/clock.js';
import { dayMs, dayOf, dayText } from '../store/dayFiles/days.js';

interface Status {
  state: string;
  damagedDays: { day: string; file: string; fault: string; waiting: number }[];
}

const set = ['store.sealIntervalSeconds=86400', 'store.finishAfterSeconds=0'];

test('one damaged day file is named by every page of the gateway, its queries have a code of their own, and all else goes on', async (context) => {
  const first = await startTestGateway(context, set);
  const { data } = first;
  const yesterday = dayOf(systemClock.now()) - 1;
  const at = yesterday * dayMs;
  const device = await first.addDevice('d');
  const before = await first.connect(device);
  before.send({ seq: 1, ts: at + 1, values: { n: 1 } });
  await before.untilAck(1);
  await first.api('POST', '/v1/gateway/seal');
  const path = join(data, 'readings', `${dayText(yesterday)}.db`);
  while (!existsSync(path.replace('.db', '.rollup.db'))) await sleep(20);
  await first.gateway.stop();
  const good = readFileSync(path);
  writeFileSync(path, 'this is no database, and longer than its header '.repeat(9));

  const gateway = await startOn(data, set);
  context.after(() => gateway.stop());
  const { api, connect } = gatewayTools(gateway, data);
  const status = async (): Promise<Status> => (await api('GET', '/v1/gateway')).body;
  const file = `readings/${dayText(yesterday)}.db`;
  const named = { day: dayText(yesterday), file, fault: 'file is not a database', waiting: 0 };
  const started = await status();
  assert.deepEqual([started.state, started.damagedDays], ['ready', [named]]);
  const ready = await api('GET', '/readyz', undefined, null);
  assert.deepEqual(
    [ready.status, ready.body],
    [200, { status: 'ready', warnings: [`${file} cannot be used: file is not a database`] }],
  );
  const readings = `/v1/devices/d/readings?to=${at + dayMs}`;
  const { status: code, body } = await api('GET', readings);
  const problem: { code: string; detail: string } = body;
  assert.deepEqual([code, problem.code], [500, 'day_damaged']);
  assert.ok(problem.detail.includes(file), problem.detail);

  const link = await connect(device);
  link.send({ seq: 2, ts: at + 2, values: { n: 2 } });
  link.send({ seq: 3, values: { n: 3 } });
  await link.untilAck(3);
  assert.equal((await api('POST', '/v1/gateway/seal')).status, 204);
  assert.deepEqual((await status()).damagedDays, [{ ...named, waiting: 1 }]);
  assert.deepEqual(((await api('GET', '/v1/storage')).body as Status).damagedDays, [{ ...named, waiting: 1 }]);
  const page: { items: { value: number }[]; damaged: object[] } = (await api('GET', readings)).body;
  assert.deepEqual(
    [page.items.map(({ value }) => value), page.damaged],
    [[2], [{ metric: 'n', from: at, to: at + dayMs - 1 }]],
  );
  const metrics: string = (await api('GET', '/metrics')).body;
  assert.match(metrics, /^tidegate_damaged_days 1$/m);
  assert.match(metrics, /^tidegate_aside_readings 1$/m);

  writeFileSync(`${path}.restored`, good);
  renameSync(`${path}.restored`, path);
  link.send({ seq: 4, values: { n: 4 } });
  await link.untilAck(4);
  // The archiver looks again after each seal.
  await api('POST', '/v1/gateway/seal');
  while ((await status()).damagedDays.length > 0) await sleep(20);
  const healed: { items: { value: number }[] } = (await api('GET', readings)).body;
  assert.deepEqual(
    healed.items.map(({ value }) => value),
    [1, 2],
  );
  await link.close();
});
