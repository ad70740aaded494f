import assert from 'node:assert/strict';
import { test } from 'node:test';
import WebSocket from 'ws';
import type { AttemptItem } from '../../schemas/generated/operator.js';
import { startTestGateway, type TestGateway } from '../gateway.fixture.js';

/** The status and Retry-After of an upgrade: 101 if it was accepted, null if the connection ended without an answer. */
function upgrade(
  { gateway }: TestGateway,
  headers: Record<string, string>,
): Promise<{ status: number | null; retryAfter: string | undefined }> {
  return new Promise((resolve) => {
    const ws = new WebSocket(gateway.deviceUrl, { headers });
    ws.on('open', () => {
      resolve({ status: 101, retryAfter: undefined });
      ws.terminate();
    });
    ws.on('unexpected-response', (request, { statusCode, headers: answered }) => {
      resolve({ status: statusCode ?? 0, retryAfter: answered['retry-after'] });
      request.destroy();
    });
    ws.on('error', () => resolve({ status: null, retryAfter: undefined }));
  });
}

const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});
const wrong = basic('a', `tgd_${'A'.repeat(43)}`);

test('a client that guesses secrets gets 429 after a few attempts, and the device itself can still connect', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a');
  const statuses = [];
  for (let n = 0; n < 8; n++) statuses.push((await upgrade(tools, wrong)).status);
  assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429, 429]);
  assert.match((await upgrade(tools, wrong)).retryAfter ?? '', /^\d+$/);
  assert.equal((await upgrade(tools, basic('a', device.secret))).status, 101);
});

test('upgrades above the rate get 503 with a Retry-After, and connections far above it are closed without an answer', async (context) => {
  const tools = await startTestGateway(context, [
    'admission.addressConnectsPerSecond=1',
    'admission.addressConnectsBurst=3',
  ]);
  const device = basic('a', (await tools.addDevice('a')).secret);
  const answers = await Promise.all(Array.from({ length: 12 }, () => upgrade(tools, device)));
  const counts = (status: number | null): number => answers.filter((answer) => answer.status === status).length;
  assert.ok(counts(101) >= 3 && counts(101) < 12, JSON.stringify(answers));
  assert.ok(counts(503) > 0 && counts(null) > 0, JSON.stringify(answers));
  for (const { status, retryAfter } of answers) if (status === 503) assert.match(retryAfter ?? '', /^[1-9]\d*$/);
});

test('a device over its rate is closed with 4004 and a retry time, its meter outlives the link, and other devices are not limited', async (context) => {
  const tools = await startTestGateway(context, [
    'limits.device.framesPerSecond=0.001',
    'limits.device.burstSeconds=3600',
  ]);
  const [a, b] = [await tools.addDevice('a'), await tools.addDevice('b')];
  const link = await tools.connect(a, '?stream=main');
  for (let seq = 1; seq <= 10; seq++) link.send({ seq, values: { x: seq } });
  const { code, reason } = await link.untilClosed();
  assert.equal(code, 4004);
  assert.ok((JSON.parse(reason) as { retryAfterMs: number }).retryAfterMs > 0);
  const again = await tools.connect(a, '?stream=main');
  const { lastSeq } = again.welcome;
  assert.ok(lastSeq >= 3 && lastSeq < 10, `${lastSeq}`);
  again.send({ seq: lastSeq + 1, values: { x: 1 } });
  assert.equal((await again.untilClosed()).code, 4004);
  const other = await tools.connect(b, '?stream=main');
  other.send({ seq: 1, values: { x: 1 } });
  await other.untilAck(1);
});

test('behind a trusted proxy the address is read from the header, and the name of a certificate that it checked is the device id', async (context) => {
  const set = ['trustedProxies=127.0.0.1', 'admission.clientSubjectHeader=x-client-subject'];
  const tools = await startTestGateway(context, set);
  await tools.addDevice('a');
  await upgrade(tools, { ...wrong, 'x-forwarded-for': '6.6.6.6, 203.0.113.9' });
  const { items } = (await tools.api('GET', '/v1/attempts')).body as { items: AttemptItem[] };
  assert.equal(items[0].address, '203.0.113.9');
  assert.equal((await upgrade(tools, { 'x-client-subject': 'CN=a,O=Acme' })).status, 101);
  assert.equal((await upgrade(tools, { 'x-client-subject': 'CN=b,O=Acme' })).status, 401);
  assert.equal((await upgrade(tools, { 'x-client-subject': 'CN=a,CN=b' })).status, 401);
  await tools.api('PATCH', '/v1/devices/a', { state: 'disabled' });
  assert.equal((await upgrade(tools, { 'x-client-subject': 'CN=a,O=Acme' })).status, 403);
});

test('the headers of a proxy that is not trusted are ignored', async (context) => {
  const tools = await startTestGateway(context, ['admission.clientSubjectHeader=x-client-subject']);
  await tools.addDevice('a');
  const { status } = await upgrade(tools, { 'x-client-subject': 'CN=a', 'x-forwarded-for': '203.0.113.9' });
  assert.equal(status, 401);
  const { items } = (await tools.api('GET', '/v1/attempts')).body as { items: AttemptItem[] };
  assert.deepEqual([items[0].address, items[0].code], ['127.0.0.1', 'credentials_missing']);
});
