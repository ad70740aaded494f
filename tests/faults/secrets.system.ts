import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openTestLink } from '../../gateway/gateway.fixture.js';
import type { NewCredentialBody } from '../../schemas/generated/operator.js';
import { startGatewayProcess } from '../rig/gatewayProcess.js';
import { tempFolder } from '../rig/tempFolder.js';
import { openWireClient } from '../rig/wireClient.js';

function filesIn(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesIn(path) : [path];
  });
}

test('no secret and no key is in any log, error, metric, answer or file', async (context) => {
  const data = tempFolder(context);
  const gateway = await startGatewayProcess({ data, set: ['log.level=trace'] });
  const answers: string[] = [];
  const ask = async (method: string, path: string, body?: unknown): Promise<void> => {
    answers.push(JSON.stringify(await gateway.api(method, path, body).catch((error: Error) => error.message)));
  };
  const device = await gateway.api<NewCredentialBody>('POST', '/v1/devices', { id: 'a' });
  const viewer = await gateway.api<{ key: string }>('POST', '/v1/keys', { name: 'k', role: 'viewer' });

  const link = await openTestLink(`${gateway.deviceUrl}?stream=main`, ['tidegate.v1.json'], device);
  const pushed = await gateway.api<NewCredentialBody & { command: string }>('POST', '/v1/devices/a/credentials', {
    push: true,
    graceSeconds: 600,
  });
  const command = (await link.next()) as { id: string };
  await ask('GET', `/v1/commands/${command.id}`);
  link.send({ type: 'command_update', id: command.id, state: 'succeeded' });
  await ask('GET', `/v1/commands/${command.id}?wait=30`);
  const wrong = `tgd_${'W'.repeat(43)}`;
  const pair = (id: string, secret: string): string => Buffer.from(`${id}:${secret}`).toString('base64');
  const requests: [string[], string][] = [
    [[`Authorization: Basic ${pair('a', wrong)}`], '/v1/device'],
    [[`Authorization: Basic ${pair(device.secret, 'a')}`], '/v1/device'],
    [[`Authorization: Bearer ${device.secret}x`], '/v1/device'],
    [[`Authorization: Basic ${pair('b', device.secret)}`, `User-Agent: ${device.secret}`], '/v1/device'],
    [[`Sec-WebSocket-Protocol: tidegate.auth.${Buffer.from(`a:${wrong}`).toString('base64url')}`], '/v1/device'],
    [[], `/v1/device?secret=${device.secret}`],
    [[], `/v1/device/${device.secret}`],
  ];
  for (const [headers, path] of requests) {
    const client = await openWireClient(gateway.devicePort, headers, path);
    answers.push(client.head);
    client.end();
  }
  const paths = ['/v1/attempts', '/v1/devices', '/v1/devices/a', '/v1/devices/a/credentials', '/v1/devices/a/commands'];
  for (const path of [...paths, '/v1/keys', '/v1/audit', '/v1/gateway', '/metrics', '/openapi.json'])
    await ask('GET', path);
  await ask('POST', '/v1/devices/a/commands', { name: 'tidegate.rotate_secret', params: { secret: pushed.secret } });
  assert.equal(await gateway.stop(), 0);

  const secrets = [device.secret, pushed.secret, wrong, viewer.key, gateway.key].map((secret) => secret.slice(4));
  const texts: [string, string][] = [
    ['an answer', answers.join('\n')],
    ['the log', JSON.stringify(gateway.log) + gateway.errors()],
    ...filesIn(data)
      .filter((file) => !file.endsWith('admin.key'))
      .map((file): [string, string] => [file, readFileSync(file, 'latin1')]),
  ];
  for (const [where, text] of texts)
    for (const secret of secrets) assert.ok(!text.includes(secret), `${secret.slice(0, 4)}… is in ${where}`);
  assert.ok(readFileSync(join(data, 'admin.key'), 'utf8').includes(gateway.key), 'the search finds a key where one is');
});
