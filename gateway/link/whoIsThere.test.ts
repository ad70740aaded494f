import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AttemptItem, DeviceBody } from '../../schemas/generated/operator.js';
import { startTestGateway, type TestGateway } from '../gateway.fixture.js';

async function presenceOf({ api }: Pick<TestGateway, 'api'>, id: string): Promise<DeviceBody['presence']> {
  return ((await api('GET', `/v1/devices/${id}`)).body as DeviceBody).presence;
}

async function attemptsOf({ api }: Pick<TestGateway, 'api'>, query = ''): Promise<AttemptItem[]> {
  return ((await api('GET', `/v1/attempts${query}`)).body as { items: AttemptItem[] }).items;
}

/** Waits until the condition holds. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}

test('presence reports whether a device is online, how its last link ended, and the contents of its hello', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a', { model: 'boiler' });
  assert.equal((await presenceOf(tools, 'a')).state, 'never');
  const first = await tools.connect(device, '?stream=main');
  first.send({ type: 'hello', agent: 'acme', firmware: '2', expectEveryMs: 5_000 });
  first.send({ seq: 1, values: { a: 1 } });
  await first.untilAck(1);
  const online = await presenceOf(tools, 'a');
  assert.deepEqual(
    [online.state, online.agent, online.firmware, online.expectedEveryMs, online.address, online.reconnects],
    ['online', 'acme', '2', 5_000, '127.0.0.1', 0],
  );
  assert.ok(Math.abs((online.lastFrameAt ?? 0) - Date.now()) < 60_000);
  first.ws.terminate();
  await until(async () => !(await presenceOf(tools, 'a')).online);
  const gone = await presenceOf(tools, 'a');
  assert.deepEqual([gone.state, gone.lastClose?.by, gone.lastClose?.name], ['offline', 'network', 'lost']);
  const second = await tools.connect(device);
  const third = await tools.connect(device);
  assert.equal((await second.untilClosed()).code, 4100);
  const taken = await presenceOf(tools, 'a');
  assert.deepEqual([taken.reconnects, taken.lastClose?.name, taken.online], [2, 'replaced', true]);
  await third.close(1000, '{"backInMs":3600000}');
  await until(async () => (await presenceOf(tools, 'a')).state === 'asleep');
  const asleep = (await tools.api('GET', '/v1/devices?presence=asleep')).body as { items: DeviceBody[] };
  assert.deepEqual(
    asleep.items.map(({ id }) => id),
    ['a'],
  );
  assert.equal((await tools.api('GET', '/v1/devices?presence=gone')).status, 400);
});

test('a quiet device becomes late, and is online again with its next frame', async (context) => {
  let ahead = 0;
  const tools = await startTestGateway(context, [], { clock: { now: () => Date.now() + ahead } });
  const device = await tools.addDevice('a');
  const link = await tools.connect(device, '?stream=main');
  link.send({ type: 'hello', expectEveryMs: 60_000 });
  await until(async () => (await presenceOf(tools, 'a')).expectedEveryMs === 60_000);
  ahead = 200_000;
  await until(async () => (await presenceOf(tools, 'a')).state === 'late');
  link.send({ seq: 1, values: { a: 1 } });
  await link.untilAck(1);
  assert.equal((await presenceOf(tools, 'a')).state, 'online');
});

test('refused attempts are listed with the reason that the answer hides', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a');
  const wrong = `tgd_${'A'.repeat(43)}`;
  const attempts = [
    { id: 'a', secret: wrong },
    { id: 'a', secret: wrong },
    { id: 'nobody', secret: wrong },
    { id: device.secret, secret: 'a' },
  ];
  for (const attempt of attempts) await assert.rejects(tools.connect(attempt));
  await tools.api('PATCH', '/v1/devices/a', { state: 'disabled' });
  await assert.rejects(tools.connect(device));
  const items = await attemptsOf(tools);
  assert.deepEqual(
    items.map((item) => [item.device, item.known, item.code, item.reason, item.count]),
    [
      ['a', true, 'device_disabled', 'An operator disabled this device', 1],
      [
        null,
        false,
        'credentials_invalid',
        'The credentials are not of the form id:secret, where the secret is tgd_ and 43 more characters. Correct them in the program of the device',
        1,
      ],
      [
        'nobody',
        false,
        'credentials_invalid',
        'There is no device with this id. Register it, or correct the id in the program of the device',
        1,
      ],
      [
        'a',
        true,
        'credentials_invalid',
        'The secret is not one of this device. Correct it in the program of the device, or create a new one',
        2,
      ],
    ],
  );
  assert.ok(items.every(({ address }) => address === '127.0.0.1'));
  assert.doesNotMatch(JSON.stringify(items), /tg[dk]_[A-Za-z0-9_-]{4}/);
  assert.equal((await attemptsOf(tools, '?device=a&limit=1')).length, 1);
  assert.equal((await attemptsOf(tools, '?address=10.0.0.1')).length, 0);
  for (const query of ['?limit=0', '?cursor=AAAA', '?colour=red'])
    assert.equal((await tools.api('GET', `/v1/attempts${query}`)).status, 400, query);
});

test('the last use of a credential is shown at once', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a');
  const lastUsed = async (): Promise<number | null> =>
    ((await tools.api('GET', '/v1/devices/a/credentials')).body as { items: { lastUsedAt: number | null }[] }).items[0]
      .lastUsedAt;
  assert.equal(await lastUsed(), null);
  await tools.connect(device);
  assert.ok(Math.abs(((await lastUsed()) ?? 0) - Date.now()) < 60_000);
});
