import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { startTestGateway } from './gateway.fixture.js';

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ family }) => family === 'IPv6'));

test('a gateway on all addresses is reached by IPv4 and by IPv6, and the address of an IPv4 peer is written as IPv4', {
  skip: !hasIpv6 && 'this machine has no IPv6',
}, async (context) => {
  const { gateway, api } = await startTestGateway(context, ['device.host=::', 'operator.host=::']);
  const ports = [gateway.deviceUrl, gateway.operatorUrl].map((url) => new URL(url).port);
  for (const host of ['127.0.0.1', '[::1]'])
    for (const port of ports)
      assert.ok((await fetch(`http://${host}:${port}/v1/device`)).status >= 400, `${host}:${port}`);
  const { body } = await api('GET', '/v1/attempts');
  const addresses = (body as { items: { address: string }[] }).items.map(({ address }) => address);
  assert.deepEqual(addresses.sort(), ['127.0.0.1', '::1']);
});
