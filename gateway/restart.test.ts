import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { pino } from 'pino';
import type { DeviceBody } from '../schemas/generated/operator.js';
import { gatewayTools, startOn, takenPort } from './gateway.fixture.js';
import type { Gateway } from './gateway.js';
import { freePort } from './transport/portTaken.js';

/** Starts gateways one after the other on one folder, which is removed once they have stopped. */
function restartable(context: TestContext) {
  const data = mkdtempSync(join(tmpdir(), 'tidegate-restart-'));
  const started: Gateway[] = [];
  context.after(async () => {
    for (const gateway of started) await gateway.stop();
    rmSync(data, { recursive: true, force: true });
  });
  return async (set: string[] = [], before: (data: string) => void = () => {}) => {
    before(data);
    const gateway = await startOn(data, set);
    started.push(gateway);
    return gatewayTools(gateway, data);
  };
}

test('a stopping gateway commits and acknowledges what it received, and closes links with a retry time', async (context) => {
  const start = restartable(context);
  const first = await start(['store.commitIntervalMs=500']);
  const device = await first.addDevice('a');
  const link = await first.connect(device, '?stream=main');
  link.send({ seq: 1, values: { a: 1 } });
  await link.untilAck(1);
  for (let seq = 2; seq <= 30; seq++) link.send({ seq, values: { a: seq } });
  link.send({ type: 'time', echo: 1 });
  // After the answer to the last message all frames before it were received, and wait for their commit.
  while (((await link.next()) as { type: string }).type !== 'time');
  const stopped = first.gateway.stop();
  await link.untilAck(30);
  const { code, reason } = await link.untilClosed();
  assert.equal(code, 4000);
  assert.ok((JSON.parse(reason) as { retryAfterMs: number }).retryAfterMs > 0);
  await stopped;
  await assert.rejects(first.connect(device));

  const second = await start();
  const again = await second.connect(device, '?stream=main');
  assert.equal(again.welcome.lastSeq, 30);
});

test('latest values, units, kinds, tables, streams and rejected frames are available right after a restart', async (context) => {
  const start = restartable(context);
  const first = await start();
  const device = await first.addDevice('a', { tags: { site: 'north' } });
  const link = await first.connect(device, '?stream=main');
  link.send({ type: 'metrics', table: 7, metrics: [{ name: 'temperature', unit: 'Cel' }] });
  link.send({ seq: 1, ts: Date.now(), values: { temperature: 21.5, door: 'open', ok: true } });
  link.send({ seq: 2, values: { door: 3 } });
  link.send({ seq: 3, values: { other: 1 } });
  await link.untilAck(3);
  await first.gateway.stop();

  const second = await start();
  const { metrics } = (await second.api('GET', '/v1/devices/a/latest')).body as {
    metrics: Record<string, { value: unknown; unit: string | null }>;
  };
  assert.deepEqual(
    [metrics.temperature.value, metrics.temperature.unit, metrics.door.value, metrics.ok.value],
    [21.5, 'Cel', 'open', true],
  );
  const { items } = (await second.api('GET', '/v1/devices/a/rejected')).body as {
    items: { code: string; seq: number }[];
  };
  assert.deepEqual(
    items.map(({ code, seq }) => [code, seq]),
    [['value_invalid', 2]],
  );
  const again = await second.connect(device, '?stream=main');
  assert.equal(again.welcome.lastSeq, 3);
  again.sendBytes(
    '0101010104000000' + '0000000000000000' + '0100' + '0700' + '0000' + '0000' + '00000000' + '0000ac41',
  );
  await again.untilAck(4);
  again.send({ seq: 5, values: { door: 1 } });
  assert.equal(((await again.next()) as { code: string }).code, 'value_invalid');
});

test('the first start writes an admin key that only its user can read, and later starts do not change it', async (context) => {
  const start = restartable(context);
  const first = await start();
  assert.equal(statSync(join(first.data, 'admin.key')).mode & 0o777, 0o600);
  await first.gateway.stop();
  const second = await start();
  assert.equal(second.gateway.adminKey, first.gateway.adminKey);
  assert.match(first.gateway.adminKey ?? '', /^tgk_[A-Za-z0-9_-]{43}$/);
});

test('a start that fails because a port is in use begins no erasure, and the next start carries it out', async (context) => {
  const start = restartable(context);
  const first = await start();
  await first.gateway.stop();
  const db = new Database(join(first.data, 'tidegate.db'));
  db.prepare('INSERT INTO erasures (device_key, device_id, device_created_at) VALUES (99, ?, 1)').run('gone');
  db.close();
  const port = await takenPort(context);
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  await assert.rejects(startOn(first.data, [`operator.port=${port}`], { log }), { exitCode: 69 });
  assert.deepEqual(lines, []);
  const second = await start();
  const { items } = (await second.api('GET', '/v1/jobs')).body as { items: { type: string; subject: string }[] };
  assert.deepEqual(
    items.map(({ type, subject }) => [type, subject]),
    [['erase', 'gone']],
  );
});

test('presence, reconnects and last use are kept over a restart, and a device that was online has the close reason restarting', async (context) => {
  const start = restartable(context);
  const first = await start();
  const device = await first.addDevice('a');
  const gone = await first.addDevice('b');
  const link = await first.connect(device, '?stream=main');
  link.send({ type: 'hello', agent: 'acme', firmware: '2' });
  link.send({ seq: 1, values: { a: 1 } });
  await link.untilAck(1);
  await (await first.connect(gone)).close(1000, '{"backInMs":86400000}');
  await first.gateway.stop();

  const second = await start();
  const show = async (id: string) => ((await second.api('GET', `/v1/devices/${id}`)).body as DeviceBody).presence;
  const { online, state, agent, firmware, lastClose, lastFrameAt, address } = await show('a');
  assert.deepEqual(
    [online, state, agent, firmware, lastClose?.name, lastClose?.by, address],
    [false, 'offline', 'acme', '2', 'restarting', 'gateway', '127.0.0.1'],
  );
  assert.ok((lastFrameAt ?? 0) > 0);
  assert.equal((await show('b')).state, 'asleep');
  const { items } = (await second.api('GET', '/v1/devices/a/credentials')).body as { items: { lastUsedAt: number }[] };
  assert.ok(items[0].lastUsedAt > 0);
  await second.connect(device);
  assert.equal((await show('a')).reconnects, 1);
});

test('a password file of the bridge that cannot be read fails the start before the data folder is made', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-test-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const data = join(folder, 'data');
  const set = ['mqtt.url=mqtt://127.0.0.1:1', `mqtt.passwordFile=${join(folder, 'missing')}`];
  await assert.rejects(async () => startOn(data, set), { exitCode: 78, message: /mqtt\.passwordFile/ });
  assert.equal(existsSync(data), false);
});

test('from the first answer of /readyz on, the first key is in its file and works', async (context) => {
  const start = restartable(context);
  const port = await freePort('127.0.0.1', 0);
  const folder: { data?: string } = {};
  let failed = false;
  const ready = (async () => {
    while (!failed) {
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
      if (answer?.status === 200) return answer.headers.get('date');
    }
    return null;
  })();
  // The key is read at the first answer, so before anyone who waits for the start can read it.
  const used = ready.then(async (date) => {
    if (date === null) return null;
    const key = readFileSync(join(folder.data ?? '', 'admin.key'), 'utf8').trim();
    return (await fetch(`http://127.0.0.1:${port}/v1/keys`, { headers: { authorization: `Bearer ${key}` } })).status;
  });
  await start([`operator.port=${port}`], (data) => {
    folder.data = data;
  }).catch((error: unknown) => {
    failed = true;
    throw error;
  });
  assert.equal(await used, 200);
});
