import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenHost } from './listenHost.js';

const has = (): Promise<boolean> => Promise.resolve(true);
const hasNot = (): Promise<boolean> => Promise.resolve(false);

test('all addresses are IPv6 and IPv4 where there is IPv6, and else IPv4', async () => {
  assert.equal(await listenHost('::', has), '::');
  assert.equal(await listenHost('::', hasNot), '0.0.0.0');
});

test('any other address is taken as it is, without asking', async () => {
  const asked = (): Promise<boolean> => Promise.reject(new Error('asked'));
  for (const host of ['0.0.0.0', '127.0.0.1', '::1', 'localhost', 'fd00::1'])
    assert.equal(await listenHost(host, asked), host);
});
