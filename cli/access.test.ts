import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway } from '../gateway/gateway.fixture.js';
import { runCli as run } from './cli.fixture.js';

test('attempts and show print why a device does not connect', async (context) => {
  const tools = await startTestGateway(context);
  assert.match((await run(tools, 'attempts')).out, /^No refused connections since the gateway started\.$/m);
  const device = await tools.addDevice('boiler-7');
  await assert.rejects(tools.connect({ id: 'boiler-7', secret: `tgd_${'A'.repeat(43)}` }));
  await assert.rejects(tools.connect({ id: 'boiler-8', secret: device.secret }));
  const { out } = await run(tools, 'attempts');
  assert.match(out, /1 +boiler-7 +127\.0\.0\.1 +credentials_invalid +The secret is not one of this device\./);
  assert.match(out, /1 +boiler-8 \(unknown\) +127\.0\.0\.1 +credentials_invalid +There is no device with this id/);
  const only = (await run(tools, 'attempts', '--device', 'boiler-7', '--json')).out;
  assert.match(only, /^\{.*"device":"boiler-7".*\}\n$/);
  assert.match((await run(tools, 'attempts', '--limit', 'many')).err, /--limit many is not valid/);

  const link = await tools.connect(device);
  await link.close(1000, '{"backInMs":3600000}');
  const shown = (await run(tools, 'device', 'show', 'boiler-7')).out;
  assert.match(shown, /boiler-7 +active +asleep/);
  assert.match(shown, /last close: \S+Z 1000 +by device\nasleep; expected back at/);
  assert.match((await run(tools, 'device', 'list', '--presence', 'asleep')).out, /boiler-7/);
  assert.match((await run(tools, 'device', 'list', '--presence', 'late')).out, /No devices/);
});

test('credentials are rotated, pushed, listed and revoked, and keys show their end and last use', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a');
  const rotated = await run(tools, 'device', 'rotate', 'a', '--grace', '1h', '--push', '--expires', '90d');
  assert.match(rotated.out, /goes to the device as command [0-9a-f-]{36}/);
  const listed = await run(tools, 'device', 'credentials', 'a');
  assert.match(listed.out, new RegExp(`${device.cid} +\\S+Z +– +\\S+Z +–`));
  assert.match((await run(tools, 'device', 'revoke', 'a', device.cid, '--yes')).out, /is revoked/);
  await assert.rejects(tools.connect(device));
  assert.equal((await run(tools, 'device', 'revoke', 'a', device.cid, '--yes')).code, 1);
  assert.equal((await run(tools, 'device', 'rotate', 'a', '--expires', 'soon')).code, 64);

  assert.match((await run(tools, 'key', 'add', 'guest', '--expires', '1h')).out, /tgk_/);
  assert.match((await run(tools, 'key', 'list')).out, /guest +viewer +\S+Z +\S+Z +–/);
});

test('nobody is asked about a device, a credential or a key that does not exist', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a');
  for (const [args, reason] of [
    [['device', 'remove', 'nope'], /device_unknown/],
    [['device', 'remove', 'nope', '--erase'], /device_unknown/],
    [['device', 'rotate', 'nope', '--grace', '0s'], /device_unknown/],
    [['device', 'revoke', 'nope', device.cid], /device_unknown/],
    [['device', 'revoke', 'a', 'nope'], /credential_unknown/],
    [['key', 'revoke', 'nope'], /key_unknown/],
  ] as [string[], RegExp][]) {
    const { code, err } = await run(tools, ...args);
    assert.deepEqual([code, reason.test(err), /--yes/.test(err)], [1, true, false], `${args.join(' ')}: ${err}`);
  }
  for (const args of [
    ['device', 'remove', 'a'],
    ['device', 'rotate', 'a', '--grace', '0s'],
    ['device', 'revoke', 'a', device.cid],
  ]) {
    const { code, err } = await run(tools, ...args);
    assert.deepEqual([code, /add --yes/.test(err)], [64, true], `${args.join(' ')}: ${err}`);
  }
});
