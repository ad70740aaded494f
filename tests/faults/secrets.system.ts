import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connectAsync } from 'mqtt';
import WebSocket from 'ws';
import { openTestLink } from '../../gateway/gateway.fixture.js';
import type { NewCredentialBody } from '../../schemas/generated/operator.js';
import { type GatewayProcess, startGatewayProcess } from '../rig/gatewayProcess.js';
import { startMosquitto } from '../rig/mosquitto.js';
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

/** A model whose command has a secret in every place where a schema can mark one. */
const plantedModel = `
metrics: [{ number: 0, name: x }]
commands:
  - name: configure
    params:
      type: object
      $defs: { pin: { type: string, secret: true } }
      allOf: [{ properties: { inAllOf: { secret: true } } }]
      anyOf: [{ properties: { inAnyOf: { secret: true } } }, {}]
      oneOf: [{ properties: { inOneOf: { secret: true } } }]
      properties:
        plain: { secret: true }
        list: { type: array, items: { type: object, properties: { key: { secret: true } } } }
        byRef: { $ref: '#/$defs/pin' }
        open: { type: object }
      patternProperties: { '^pin': { secret: true } }
      additionalProperties: { secret: true }
`;

const plantedIn = ['plain', 'list', 'byRef', 'inAllOf', 'inAnyOf', 'inOneOf', 'pin1', 'additional'];

/** Parameters of which each secret is `mark` and the name of its place. */
const planted = (mark: string): Record<string, unknown> => ({
  ...Object.fromEntries(plantedIn.map((name) => [name, `${mark}-${name}`])),
  list: [{ key: `${mark}-list` }],
  open: { say: 'visible' },
});

/** Everything that a client of the live feed is sent. */
async function listenLive({ operatorUrl, key }: GatewayProcess): Promise<{ heard: string[]; close(): void }> {
  const live = new WebSocket(`${operatorUrl.replace('http', 'ws')}/v1/live`, {
    headers: { authorization: `Bearer ${key}` },
  });
  const heard: string[] = [];
  const subscribed = new Promise<void>((resolve) => {
    live.on('message', (data) => {
      heard.push(String(data));
      if (/"subscribed"/.test(String(data))) resolve();
    });
  });
  await new Promise((resolve) => live.once('open', resolve));
  live.send(JSON.stringify({ type: 'subscribe', kinds: ['commands', 'devices', 'presence', 'rejected'] }));
  await subscribed;
  return { heard, close: () => live.terminate() };
}

test('planted secret parameters are in no answer, log, audit, live or MQTT message, and after their end in no file and no backup', async (context) => {
  const [data, models, brokerFolder, backup] = [1, 2, 3, 4].map(() => tempFolder(context));
  writeFileSync(join(models, 'box.yaml'), plantedModel);
  const broker = await startMosquitto(brokerFolder);
  context.after(() => broker.stop());
  const set = ['log.level=trace', `models=${models}`, `mqtt.url=${broker.url}`];
  const gateway = await startGatewayProcess({ data, set });
  const seen: [where: string, text: string][] = [];
  const client = await connectAsync(broker.url);
  context.after(() => client.endAsync(true));
  client.on('message', (topic, payload) => {
    // What this test itself sent comes back too.
    if (!topic.endsWith('/command')) seen.push(['MQTT', `${topic} ${payload}`]);
  });
  // A command that is published before the bridge has subscribed would be lost.
  const online = new Promise<void>((resolve) =>
    client.on('message', (topic, payload) => topic.endsWith('/status') && String(payload) === 'online' && resolve()),
  );
  await client.subscribeAsync('#', { qos: 1 });
  await online;
  const live = await listenLive(gateway);
  const ask = async (method: string, path: string, body?: unknown): Promise<void> => {
    const answer = await gateway.api(method, path, body).catch((error: Error) => error.message);
    seen.push([`${method} ${path}`, JSON.stringify(answer)]);
  };
  const secret = await gateway.api<NewCredentialBody>('POST', '/v1/devices', { id: 'a', model: 'box' });
  await ask('POST', '/v1/devices', { id: 'b', model: 'box' });
  await ask('POST', '/v1/devices', { id: 'free' });

  // Over HTTP, as a batch, over MQTT, to a device without a model, and refused by the schema.
  const body = { name: 'configure', params: planted('canary'), supersedes: 'configure' };
  const sent = await gateway.api<{ id: string }>('POST', '/v1/devices/a/commands', body);
  await ask('POST', '/v1/devices/free/commands', body);
  const batch = await gateway.api<{ id: string }>('POST', '/v1/command-batches', {
    ...body,
    target: { ids: ['b', 'free'] },
  });
  await ask('POST', '/v1/devices/a/commands', { name: 'configure', params: { byRef: { k: 'canary-refused' } } });
  const answered = new Promise<void>((resolve) =>
    client.on('message', (topic) => /\/a\/command\//.test(topic) && resolve()),
  );
  await client.publishAsync(
    `tidegate/${(await gateway.api<{ gatewayId: string }>('GET', '/v1/gateway')).gatewayId}/a/command`,
    JSON.stringify(body),
    { qos: 1 },
  );
  await answered;
  const paths = [
    ...[`/v1/commands/${sent.id}`, '/v1/commands', '/v1/devices/a/commands', '/v1/devices/free/commands'],
    ...[`/v1/command-batches/${batch.id}`, '/v1/command-batches', '/v1/audit', '/v1/devices', '/metrics', '/v1/jobs'],
  ];
  for (const path of paths) await ask('GET', path);

  // The model forgets that anything is secret, and the gateway is killed.
  writeFileSync(join(models, 'box.yaml'), 'metrics: [{ number: 0, name: x }]');
  await ask('POST', '/v1/gateway/reload');
  for (const path of paths) await ask('GET', path);
  await gateway.kill('SIGKILL');
  seen.push(
    ['the log', JSON.stringify(gateway.log) + gateway.errors()],
    ...live.heard.map((text): [string, string] => ['live', text]),
  );
  live.close();
  const again = await gateway.again();
  for (const path of paths) seen.push([path, JSON.stringify(await again.api('GET', path))]);
  assert.ok(
    seen.some(([, text]) => text.includes('visible')),
    'what is not secret is shown',
  );

  // The device gets what was sent; with the end of the command it is erased.
  const link = await openTestLink(`${again.deviceUrl}?stream=main`, ['tidegate.v1.json'], secret);
  const command = (await link.next()) as { id: string; params: unknown };
  assert.deepEqual(command.params, planted('canary'));
  link.send({ type: 'command_update', id: command.id, state: 'succeeded' });
  await again.api('GET', `/v1/commands/${command.id}?wait=30`);
  for (const { id, state } of (await again.api<{ items: { id: string; state: string }[] }>('GET', '/v1/commands'))
    .items)
    if (state === 'queued') await again.api('DELETE', `/v1/commands/${id}`);
  for (;;) {
    const { state } = await again.api<{ state: string }>('GET', `/v1/command-batches/${batch.id}`);
    if (state === 'done') break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  for (const path of paths) seen.push([path, JSON.stringify(await again.api('GET', path))]);
  const job = await again.api<{ id: string }>('POST', '/v1/backup', { folder: join(backup, 'copy') });
  for (let state = ''; state !== 'done'; )
    state = (await again.api<{ state: string }>('GET', `/v1/jobs/${job.id}`)).state;
  const files = [...filesIn(data), ...filesIn(backup)];
  assert.ok(
    files.some((file) => file.endsWith('tidegate.db-wal')),
    'the write-ahead log is looked at while the gateway runs',
  );
  for (const file of files) seen.push([file, readFileSync(file, 'latin1')]);
  assert.equal(await again.stop(), 0);
  seen.push(['the second log', JSON.stringify(again.log) + again.errors()]);
  for (const [where, text] of seen)
    assert.ok(
      !text.includes('canary'),
      `${text.match(/canary[-A-Za-z0-9]*/)?.[0]} is in ${where}: ${text.slice(0, 400)}`,
    );
  assert.ok(
    files.some((file) => file.endsWith(join('copy', 'hash.key'))),
    'the backup has the key of the hashes',
  );
});
