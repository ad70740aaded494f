import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect, type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import WebSocket from 'ws';
import type { NewCredentialBody } from '../../schemas/generated/operator.js';
import { type GatewayProcess, startGatewayProcess } from '../rig/gatewayProcess.js';
import { startMosquitto } from '../rig/mosquitto.js';
import { tempFolder } from '../rig/tempFolder.js';
import { basicAuthorization } from '../rig/wireClient.js';

/** A message that arrived. */
interface Heard {
  topic: string;
  payload: string;
  packet: IPublishPacket;
}

interface Listener {
  client: MqttClient;
  /** Resolves with the first message, old or new, that is wanted. */
  until(wanted: (message: Heard) => boolean): Promise<Heard>;
}

async function listen(
  context: TestContext,
  url: string,
  filters: string[],
  options: IClientOptions,
): Promise<Listener> {
  const heard: Heard[] = [];
  let wake = (): void => {};
  const client = connect(url, { ...options });
  client.on('error', () => {});
  client.on('message', (topic, payload, packet) => {
    heard.push({ topic, payload: payload.toString(), packet });
    wake();
  });
  context.after(() => client.endAsync(true));
  await new Promise((resolve) => client.once('connect', resolve));
  await client.subscribeAsync(filters, { qos: 1 });
  return {
    client,
    async until(wanted) {
      for (;;) {
        const found = heard.find(wanted);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

/** Starts a gateway with these settings, and a device that has its welcome. */
async function startWith(
  context: TestContext,
  folder: string,
  set: string[],
): Promise<{ gateway: GatewayProcess; ws: WebSocket }> {
  const data = join(folder, 'data');
  const gateway = await startGatewayProcess({ data, set: ['gatewayId=gw', ...set] });
  context.after(() => gateway.kill('SIGKILL'));
  const device = await gateway.api<NewCredentialBody>('POST', '/v1/devices', { id: 'a', model: 'boiler' });
  const [name, value] = basicAuthorization(device).split(': ');
  const ws = new WebSocket(`${gateway.deviceUrl}?stream=main`, 'tidegate.v1.json', { headers: { [name]: value } });
  ws.on('error', () => {});
  context.after(() => ws.terminate());
  await new Promise((resolve) => ws.once('message', resolve));
  return { gateway, ws };
}

test('over MQTT 5, messages have content type and expiry, and answers go to the response topic with their correlation data, never to a command topic', async (context) => {
  const folder = tempFolder(context);
  mkdirSync(join(folder, 'broker'));
  const broker = await startMosquitto(join(folder, 'broker'));
  context.after(broker.stop);
  const five = { protocolVersion: 5 as const };
  const listener = await listen(context, broker.url, ['tidegate/gw/#', 'replies/#'], five);
  const { ws } = await startWith(context, folder, [
    `mqtt.url=${broker.url}`,
    'mqtt.version=5',
    'mqtt.expirySeconds=600',
  ]);
  ws.send(JSON.stringify({ seq: 1, values: { temperature: 21.5 } }));
  const { packet } = await listener.until(({ topic }) => topic === 'tidegate/gw/a/telemetry');
  assert.equal(packet.properties?.contentType, 'application/json');
  assert.ok((packet.properties?.messageExpiryInterval ?? 0) > 500);
  await listener.until(({ topic, payload }) => topic === 'tidegate/gw/a/presence' && payload.includes('"online":true'));

  const ask = (payload: object, responseTopic: string, correlation: string): Promise<unknown> =>
    listener.client.publishAsync('tidegate/gw/a/command', JSON.stringify(payload), {
      qos: 1,
      properties: { responseTopic, correlationData: Buffer.from(correlation) },
    });
  await ask({ name: 'reboot' }, 'replies/me', 'question-1');
  const answer = await listener.until(({ topic }) => topic === 'replies/me');
  assert.equal(answer.packet.properties?.correlationData?.toString(), 'question-1');
  assert.equal((JSON.parse(answer.payload) as { state: string }).state, 'queued');
  await ask({ name: 'fly' }, 'replies/me', 'question-2');
  const refused = await listener.until(
    ({ topic, packet: { properties } }) =>
      topic === 'replies/me' && properties?.correlationData?.toString() === 'question-2',
  );
  assert.match(refused.payload, /command_undeclared/);
  // An answer to a command topic would be read as a command, in a loop.
  await ask({ name: 'fly' }, 'tidegate/gw/a/command', 'question-3');
  await ask({ name: 'fly' }, 'replies/last', 'question-4');
  await listener.until(({ topic }) => topic === 'replies/last');
  const looped = await Promise.race([
    listener.until(({ topic, payload }) => topic === 'tidegate/gw/a/command' && payload.includes('"error"')),
    new Promise<null>((resolve) => setTimeout(resolve, 300, null)),
  ]);
  assert.equal(looped, null);
});

/** Makes a certificate authority, a certificate of the broker and one of the client. */
function makeCertificates(folder: string): void {
  const openssl = (...args: string[]): unknown => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=test authority');
  writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:broker.test\n');
  for (const name of ['broker', 'client']) {
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}.test`);
    const extensions = name === 'broker' ? ['-extfile', 'names'] : [];
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-out',
      `${name}.pem`,
      ...extensions,
    );
  }
}

test('the bridge connects over TLS with a client certificate, a user and a password file, and refuses a broker whose certificate has another name', async (context) => {
  const folder = tempFolder(context);
  const brokerFolder = join(folder, 'broker');
  mkdirSync(brokerFolder);
  makeCertificates(brokerFolder);
  execFileSync('mosquitto_passwd', ['-b', '-c', join(brokerFolder, 'users'), 'bridge', 'open sesame']);
  const file = (name: string): string => join(brokerFolder, name);
  const config = [
    `cafile ${file('ca.pem')}`,
    `certfile ${file('broker.pem')}`,
    `keyfile ${file('broker.key')}`,
    'require_certificate true',
    'allow_anonymous false',
    `password_file ${file('users')}`,
  ].join('\n');
  const broker = await startMosquitto(brokerFolder, config);
  context.after(broker.stop);
  writeFileSync(file('password'), 'open sesame\n');
  const url = `mqtts://127.0.0.1:${broker.port}`;
  const set = [
    ...[`mqtt.url=${url}`, 'mqtt.username=bridge', `mqtt.passwordFile=${file('password')}`],
    ...[
      `mqtt.tls.caFile=${file('ca.pem')}`,
      `mqtt.tls.certFile=${file('client.pem')}`,
      `mqtt.tls.keyFile=${file('client.key')}`,
    ],
  ];
  const { gateway } = await startWith(context, folder, set);
  const doubted = await gateway.line(({ msg }) => msg === 'bridge not connected');
  assert.match(doubted?.why as string, /127\.0\.0\.1|altnames|IP/i);
  await gateway.stop();

  const again = await gateway.again({ set: ['gatewayId=gw', ...set, 'mqtt.tls.serverName=broker.test'] });
  context.after(() => again.kill('SIGKILL'));
  assert.notEqual(await again.line(({ msg }) => msg === 'bridge connected'), null);
  assert.doesNotMatch(JSON.stringify(again.log), /sesame/);
  await again.stop();

  writeFileSync(file('password'), 'wrong');
  const wrong = await again.again();
  context.after(() => wrong.kill('SIGKILL'));
  const refused = await wrong.line(({ msg }) => msg === 'bridge not connected');
  assert.match(refused?.why as string, /not authori[sz]ed/i);
});
