import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDevice } from '../../device-sim/device/device.js';
import { startTestGateway } from '../../gateway/gateway.fixture.js';
import type { CommandBody, CredentialItem, DeviceBody } from '../../schemas/generated/operator.js';

test('the reference device uses a pushed secret, and reconnects with it when the old one ends', async (context) => {
  let ahead = 0;
  const { api, addDevice, gateway } = await startTestGateway(context, [], { clock: { now: () => Date.now() + ahead } });
  const { secret } = await addDevice('a');
  const device = createDevice({
    url: gateway.deviceUrl,
    id: 'a',
    secret,
    stream: 'main',
    encoding: 'binary',
    random: () => 0,
  });
  context.after(() => device.stop());
  device.start();
  const presence = async (): Promise<DeviceBody['presence']> =>
    ((await api('GET', '/v1/devices/a')).body as DeviceBody).presence;
  const until = async (isSo: () => Promise<boolean>): Promise<void> => {
    while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await until(async () => (await presence()).online);
  const made = (await api('POST', '/v1/devices/a/credentials', { push: true, graceSeconds: 600 })).body as {
    cid: string;
    command: string;
  };
  const command = (await api('GET', `/v1/commands/${made.command}?wait=60`)).body as CommandBody;
  assert.equal(command.state, 'succeeded');
  ahead = 601_000;
  await until(async () => {
    const { reconnects, online } = await presence();
    return reconnects > 0 && online;
  });
  const { items } = (await api('GET', '/v1/devices/a/credentials')).body as { items: CredentialItem[] };
  assert.ok((items.find(({ cid }) => cid === made.cid)?.lastUsedAt ?? 0) > 0);
  assert.equal((await presence()).lastClose?.name, 'credential_revoked');
});
