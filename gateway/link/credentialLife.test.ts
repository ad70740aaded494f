import assert from 'node:assert/strict';
import { test } from 'node:test';
import WebSocket from 'ws';
import type { CommandBody, CredentialItem, NewCredentialBody } from '../../schemas/generated/operator.js';
import { startTestGateway } from '../gateway.fixture.js';

test('after the grace the old secret is refused, and a link that was opened with it is closed', async (context) => {
  let ahead = 0;
  const tools = await startTestGateway(context, [], { clock: { now: () => Date.now() + ahead } });
  const old = await tools.addDevice('a');
  const link = await tools.connect(old);
  const fresh = (await tools.api('POST', '/v1/devices/a/credentials', { graceSeconds: 3_600 })).body;
  await (await tools.connect(fresh)).close();
  assert.equal((await link.untilClosed()).code, 4100);
  const late = await tools.connect(old);
  ahead = 3_600_000;
  assert.equal((await late.untilClosed()).code, 4101);
  await assert.rejects(tools.connect(old));
  const last = await tools.connect(fresh);
  const { items } = (await tools.api('GET', '/v1/devices/a/credentials')).body as { items: CredentialItem[] };
  assert.deepEqual(
    items.map(({ notAfter }) => notAfter === null),
    [false, true],
  );
  await last.close();
});

test('a pushed secret reaches the device as a command, is never shown by the API, and is valid at once', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a', { model: 'boiler' });
  const link = await tools.connect(device);
  const answer = await tools.api('POST', '/v1/devices/a/credentials', { push: true, graceSeconds: 600 });
  const made = answer.body as NewCredentialBody & { command: string };
  assert.equal(answer.status, 201);
  const { id, name, params } = (await link.next()) as { id: string; name: string; params: { secret: string } };
  assert.deepEqual([id, name, params], [made.command, 'tidegate.rotate_secret', { secret: made.secret }]);
  const shown = async (): Promise<string> => JSON.stringify((await tools.api('GET', `/v1/commands/${id}`)).body);
  assert.doesNotMatch(await shown(), /tgd_/);
  link.send({ type: 'command_update', id, state: 'succeeded' });
  const { body } = await tools.api('GET', `/v1/commands/${id}?wait=30`);
  assert.deepEqual([(body as CommandBody).state, (body as CommandBody).params], ['succeeded', { secret: '***' }]);
  await (await tools.connect(made)).close();
  await (await tools.connect(device)).close();
});

test('if the command is refused, the credentials are not changed', async (context) => {
  const tools = await startTestGateway(context, ['commands.openPerDevice=1']);
  await tools.addDevice('a');
  await tools.api('POST', '/v1/devices/a/commands', { name: 'x' });
  const { status } = await tools.api('POST', '/v1/devices/a/credentials', { push: true, graceSeconds: 0 });
  assert.equal(status, 429);
  const { items } = (await tools.api('GET', '/v1/devices/a/credentials')).body as { items: CredentialItem[] };
  assert.deepEqual(
    items.map(({ notAfter }) => notAfter),
    [null],
  );
});

test('no frame that is received after a revocation is stored', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a');
  const link = await tools.connect(device, '?stream=main');
  link.send({ seq: 1, values: { a: 1 } });
  await link.untilAck(1);
  await tools.api('DELETE', `/v1/devices/a/credentials/${device.cid}`);
  for (let seq = 2; seq <= 50; seq++) link.send({ seq, values: { a: seq } });
  assert.equal((await link.untilClosed()).code, 4101);
  const fresh = (await tools.api('POST', '/v1/devices/a/credentials', {})).body;
  assert.equal((await tools.connect(fresh, '?stream=main')).welcome.lastSeq, 1);
  const { items } = (await tools.api('GET', '/v1/devices/a/readings?metric=a')).body as { items: { value: number }[] };
  assert.deepEqual(
    items.map(({ value }) => value),
    [1],
  );
});

test('devices are imported all together or not at all, and can connect with their secrets', async (context) => {
  const tools = await startTestGateway(context);
  const devices = Array.from({ length: 300 }, (_, n) => ({ id: `d${n}`, tags: { n: String(n) } }));
  const { body } = await tools.api('POST', '/v1/device-imports', { devices });
  const { items } = body as { items: NewCredentialBody[] };
  assert.deepEqual(
    items.map(({ id }) => id),
    devices.map(({ id }) => id),
  );
  await (await tools.connect(items[299])).close();
  const again = await tools.api('POST', '/v1/device-imports', { devices: [{ id: 'new' }, { id: 'd7' }] });
  assert.equal(again.status, 409);
  assert.equal((await tools.api('GET', '/v1/devices/new')).status, 404);
});

test('the live feed of a client ends when its key is revoked', async (context) => {
  const { api, gateway } = await startTestGateway(context);
  const { id, key } = (await api('POST', '/v1/keys', { name: 'wall', role: 'viewer' })).body as {
    id: string;
    key: string;
  };
  const ws = new WebSocket(`${gateway.operatorUrl.replace('http', 'ws')}/v1/live`, {
    headers: { authorization: `Bearer ${key}` },
  });
  const closed = new Promise<number>((resolve) => ws.on('close', resolve));
  await new Promise((resolve) => ws.on('message', resolve));
  const { items } = (await api('GET', '/v1/keys')).body as { items: { id: string; lastUsedAt: number | null }[] };
  assert.ok((items.find((one) => one.id === id)?.lastUsedAt ?? 0) > 0);
  await api('DELETE', `/v1/keys/${id}`);
  assert.equal(await closed, 1008);
});
