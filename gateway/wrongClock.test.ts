import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gatewayTools, startOn, startTestGateway, type TestGateway, type TestLink } from './gateway.fixture.js';

const day = 86_400_000;
const hour = 3_600_000;

interface Item {
  metric: string;
  ts: number;
  value: number;
}

/** A gateway with a clock that the test sets, and a way to start it again on the same folder. */
async function startOnClock(context: TestContext, set: string[] = []) {
  const at = { now: Date.now() };
  const clock = { now: () => at.now };
  const first = await startTestGateway(context, set, { clock });
  let tools: TestGateway = first;
  context.after(() => tools.gateway.stop());
  const adminKey = (): string => readFileSync(join(first.data, 'admin.key'), 'utf8').trim();
  return {
    at,
    tools: (): TestGateway => tools,
    api: (method: string, path: string, body?: unknown) => tools.api(method, path, body, adminKey()),
    async restart(): Promise<void> {
      await tools.gateway.stop();
      tools = gatewayTools(await startOn(first.data, set, { clock }), first.data);
    },
  };
}

type OnClock = Awaited<ReturnType<typeof startOnClock>>;

async function readingsOf({ api }: OnClock, device = 'd', query = ''): Promise<Item[]> {
  return ((await api('GET', `/v1/devices/${device}/readings?limit=10000${query}`)).body as { items: Item[] }).items;
}

async function metricsText({ api }: OnClock): Promise<string> {
  return (await api('GET', '/metrics')).body as string;
}

/** Sends one frame, waits for its answer, and returns the codes of its nacks. */
async function send(link: TestLink, frame: { seq: number; [field: string]: unknown }): Promise<(string | undefined)[]> {
  link.send(frame);
  const codes: (string | undefined)[] = [];
  for (;;) {
    const { type, seq, code } = (await link.next()) as { type: string; seq: number; code?: string };
    if (type === 'nack') codes.push(code);
    if (seq >= frame.seq) return codes;
  }
}

for (const restarts of [false, true]) {
  const when = restarts ? ', also if it was restarted in between and after' : '';
  test(`marks that a clock two days ahead has set are forgotten when the clock is confirmed${when}`, async (context) => {
    const gateway = await startOnClock(context);
    const { at, api } = gateway;
    const device = await gateway.tools().addDevice('d');
    at.now += 2 * day;
    const early = await gateway.tools().connect(device, '?stream=main');
    assert.deepEqual(await send(early, { seq: 1, values: { a: 1 } }), []);
    assert.deepEqual(await send(early, { seq: 2, ts: -1_000, values: { b: 2 } }), []);
    assert.deepEqual(await send(early, { seq: 3, ts: at.now, values: { c: 3 } }), []);
    await early.close(1000, '{"backInMs":60000}');
    if (restarts) {
      await api('POST', '/v1/gateway/seal');
      await gateway.restart();
    }
    at.now -= 2 * day;
    assert.equal((await api('POST', '/v1/gateway/confirm-clock')).status, 204);
    const seen = (await api('GET', '/v1/devices/d')).body as {
      presence: { state: string; since: number; backAt: number; lastFrameAt: number | null; lastClose: { at: number } };
    };
    assert.ok(seen.presence.since <= at.now, 'since');
    assert.ok(seen.presence.backAt <= at.now + 60_000, 'backAt');
    assert.ok((seen.presence.lastFrameAt ?? 0) <= at.now, 'lastFrameAt');
    assert.ok(seen.presence.lastClose.at <= at.now, 'lastClose');
    const latest = async () =>
      ((await api('GET', '/v1/devices/d/latest')).body as { metrics: Record<string, { ts: number; value: number }> })
        .metrics;
    assert.deepEqual(await latest(), {});
    if (restarts) await gateway.restart();
    const link = await gateway.tools().connect(device, '?stream=main');
    assert.equal(link.welcome.lastSeq, 3);
    assert.deepEqual(await send(link, { seq: 4, values: { a: 4 } }), []);
    assert.deepEqual(await send(link, { seq: 5, ts: -1_000, values: { b: 5 } }), []);
    assert.deepEqual(await send(link, { seq: 6, ts: at.now - 5, values: { c: 6 } }), []);
    assert.deepEqual(await latest(), {
      a: { ts: at.now, value: 4, unit: null },
      b: { ts: at.now - 1_000, value: 5, unit: null },
      c: { ts: at.now - 5, value: 6, unit: null },
    });
    await api('POST', '/v1/gateway/seal');
    await gateway.restart();
    assert.deepEqual(
      Object.values(await latest()).map(({ value }) => value),
      [4, 5, 6],
      'over a restart, with values that are folded',
    );
  });
}

test('the time to live of an open command begins again when the clock is confirmed, over a restart too', async (context) => {
  const gateway = await startOnClock(context);
  const { at, api } = gateway;
  await gateway.tools().addDevice('d');
  at.now += 2 * day;
  const made = await api('POST', '/v1/devices/d/commands', { name: 'go', ttlSeconds: 60 });
  assert.equal(made.status, 202, JSON.stringify(made.body));
  const { id } = made.body as { id: string };
  at.now -= 2 * day;
  assert.equal((await api('POST', '/v1/gateway/confirm-clock')).status, 204);
  const times = async (): Promise<number[]> => {
    const { createdAt, expiresAt } = (await api('GET', `/v1/commands/${id}`)).body as Record<string, number>;
    return [createdAt, expiresAt];
  };
  assert.deepEqual(await times(), [at.now, at.now + 60_000]);
  await gateway.restart();
  assert.deepEqual(await times(), [at.now, at.now + 60_000]);
  at.now += 60_001;
  const state = async () => ((await api('GET', `/v1/commands/${id}`)).body as { state: string }).state;
  while ((await state()) !== 'expired') await new Promise(setImmediate);
});

test('a frame without a time and one with an age never get the same millisecond, over restarts too', async (context) => {
  const gateway = await startOnClock(context);
  const { at, api } = gateway;
  const device = await gateway.tools().addDevice('d');
  let link = await gateway.tools().connect(device, '?stream=main');
  const rounds = 30;
  for (let n = 0; n < rounds; n++) {
    const seq = 4 * n;
    await send(link, { seq: seq + 1, values: { a: seq + 1 } });
    if (n % 10 === 5) {
      if (n === 15) await api('POST', '/v1/gateway/seal');
      await gateway.restart();
      link = await gateway.tools().connect(device, '?stream=main');
    }
    at.now += 7;
    await send(link, { seq: seq + 2, ts: -7, values: { a: seq + 2 } });
    // Absolute times beside ages stay as they are, and the age is kept apart from all of them.
    const own = at.now - 3;
    const samples = [
      { ts: own, values: { a: seq + 3 } },
      { ts: -7, values: { a: -seq - 3 } },
    ];
    await send(link, { seq: seq + 3, samples });
    await send(link, { seq: seq + 4, ts: -7, values: { a: seq + 4 } });
    at.now += 50;
  }
  const items = await readingsOf(gateway);
  assert.equal(items.length, 5 * rounds);
  assert.equal(new Set(items.map(({ ts }) => ts)).size, 5 * rounds);
  assert.match(await metricsText(gateway), /^tidegate_readings_repeated_total 0$/m);
});

test('a dense backlog beside live frames, in turns, loses no reading', async (context) => {
  const gateway = await startOnClock(context);
  const { at } = gateway;
  const link = await gateway.tools().connect(await gateway.tools().addDevice('d'), '?stream=main');
  let sent = 0;
  for (let n = 0; n < 20; n++) {
    // Each second piece arrives 5 ms earlier after its sampling than the one before, so that they overlap.
    const age = -hour + 600 * n - (n % 2) * 5;
    const samples = Array.from({ length: 600 }, (_, i) => ({ ts: age + i, values: { a: ++sent } }));
    assert.deepEqual(await send(link, { seq: 2 * n + 1, samples }), []);
    assert.deepEqual(await send(link, { seq: 2 * n + 2, ts: 0, values: { a: ++sent } }), []);
  }
  assert.equal(at.now > 0, true);
  let stored = 0;
  for (let cursor = ''; ; ) {
    const page = (await gateway.api('GET', `/v1/devices/d/readings?limit=10000${cursor}`)).body as {
      items: Item[];
      next: string | null;
    };
    stored += page.items.length;
    if (page.next === null) break;
    cursor = `&cursor=${page.next}`;
  }
  assert.equal(stored, sent);
});

test('a device that sends numbered frames without times faster than one per millisecond is slowed down by its acks', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('d'), '?stream=main');
  const total = 6_000;
  let [seq, acked] = [0, 0];
  const codes: unknown[] = [];
  const began = Date.now();
  let aheadMax = Number.NEGATIVE_INFINITY;
  while (acked < total) {
    while (seq < total && seq - acked < 64) link.send({ seq: ++seq, values: { a: seq } });
    const answer = (await link.next()) as { type: string; seq: number; code?: string };
    if (answer.type === 'ack') acked = answer.seq;
    else codes.push(answer.code);
    if (acked % 500 < 64) {
      const { a } = ((await tools.api('GET', '/v1/devices/d/latest')).body as { metrics: Record<string, Item> })
        .metrics;
      aheadMax = Math.max(aheadMax, a.ts - Date.now());
    }
  }
  const took = Date.now() - began;
  assert.deepEqual(codes, []);
  assert.ok(aheadMax <= 1_000, `${aheadMax} ms ahead`);
  assert.ok(took >= total - 1_100, `${total} frames in ${took} ms need times that are ahead of the clock`);
  assert.match((await tools.api('GET', '/metrics')).body as string, /^tidegate_readings_repeated_total 0$/m);
});

test('a flood of unnumbered frames without times is closed 4004, and no time is more than a second ahead', async (context) => {
  const gateway = await startOnClock(context);
  const { at } = gateway;
  const device = await gateway.tools().addDevice('d');
  const link = await gateway.tools().connect(device, '?stream=main');
  let seq = 0;
  // The clock stands still: a device whose frames come faster than any clock. Refused frames and own times do not count.
  for (let n = 0; n < 5_000; n++) {
    if (n % 2 === 0) link.send({ ts: at.now - n, values: { own: n } });
    else link.send({ values: { a: n } });
    if (n % 50 === 0) await send(link, { seq: ++seq, ts: at.now - 10_000 - n, values: { mark: n } }).catch(() => []);
    if (link.ws.readyState !== link.ws.OPEN) break;
  }
  const closed = await link.untilClosed();
  assert.equal(closed.code, 4004);
  assert.ok((JSON.parse(closed.reason) as { retryAfterMs: number }).retryAfterMs > 0);
  const [newest] = await readingsOf(gateway, 'd', '&metric=a&order=desc');
  assert.ok(newest.ts > at.now && newest.ts <= at.now + 1_000, `${newest.ts - at.now} ms ahead`);
  assert.match(await metricsText(gateway), /^tidegate_readings_repeated_total 0$/m);
  at.now += 1_001;
  const again = await gateway.tools().connect(device, '?stream=main');
  assert.deepEqual(await send(again, { seq: seq + 1, values: { a: 1 } }), []);
});

test('frames with their own times, and refused frames, never move the times of others ahead', async (context) => {
  const gateway = await startOnClock(context, ['limits.badFrames=100000']);
  const { at } = gateway;
  const link = await gateway.tools().connect(await gateway.tools().addDevice('d'), '?stream=main');
  for (let n = 1; n <= 3_000; n++) {
    if (n % 2 === 0) link.send({ seq: n, ts: at.now - n, values: { own: n } });
    else link.send({ seq: n, ts: at.now + day, values: { a: n } });
    if (n % 60 === 0) await link.untilAck(n);
  }
  assert.deepEqual(await send(link, { seq: 3_001, values: { a: 1 } }), []);
  assert.deepEqual(await readingsOf(gateway, 'd', '&metric=a'), [{ metric: 'a', ts: at.now, value: 1 }]);
});

test('a reading that an operator admits from 2036 is stored, and is never the latest', async (context) => {
  const gateway = await startOnClock(context);
  const { at, api } = gateway;
  const device = await gateway.tools().addDevice('d');
  const link = await gateway.tools().connect(device, '?stream=main');
  const far = Date.UTC(2036, 0);
  await send(link, { seq: 1, ts: at.now - 10, values: { a: 1 } });
  assert.deepEqual(await send(link, { seq: 2, ts: far, values: { a: 2, only: 2 } }), ['time_in_future']);
  const [{ rid }] = ((await api('GET', '/v1/devices/d/rejected')).body as { items: { rid: string }[] }).items;
  assert.equal((await api('POST', `/v1/devices/d/rejected/${rid}/admit`)).status, 200);
  const latest = async () =>
    ((await api('GET', '/v1/devices/d/latest')).body as { metrics: Record<string, Item> }).metrics;
  assert.equal((await latest()).a.value, 1);
  assert.equal((await latest()).only, undefined);
  for (const round of [1, 2]) {
    if (round === 2) await api('POST', '/v1/gateway/seal');
    await gateway.restart();
    assert.equal((await latest()).a.value, 1, `after ${round} restarts`);
  }
  const again = await gateway.tools().connect(device, '?stream=main');
  await send(again, { seq: 3, ts: at.now, values: { a: 3 } });
  await api('POST', '/v1/gateway/seal');
  await gateway.restart();
  assert.equal((await latest()).a.value, 3);
  assert.ok((await readingsOf(gateway)).some(({ ts }) => ts === far));
});

/** The first line of the answer to an upgrade request of the device, and its body. */
function upgradeAnswer({ gateway }: TestGateway, { id, secret }: { id: string; secret: string }): Promise<string> {
  const { port } = new URL(gateway.deviceUrl);
  const lines = [
    'GET /v1/device HTTP/1.1',
    'Host: x',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    `Authorization: Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
  ];
  return new Promise((resolve, reject) => {
    const socket = connectTcp(Number(port), '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n`));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (text.startsWith('HTTP/1.1 101')) socket.destroy();
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

test('a gateway that starts with a clock behind its devices keeps none of their frames, and no frame is nacked', async (context) => {
  const gateway = await startOnClock(context);
  const { at, api } = gateway;
  const devices = [];
  for (const id of ['d', 'e', 'f', 'g']) devices.push(await gateway.tools().addDevice(id));
  const before = await gateway.tools().connect(devices[0], '?stream=main');
  await send(before, { seq: 1, values: { a: 1 } });
  await before.close();
  // The machine was off for three hours, and its clock stood still.
  const truth = (): number => at.now + 3 * hour;
  await gateway.restart();
  for (const device of devices.slice(0, 3)) {
    const link = await gateway.tools().connect(device, '?stream=main');
    link.send({ seq: link.welcome.lastSeq + 1, ts: truth(), values: { a: 2 } });
    assert.equal((await link.untilClosed()).code, 4005, device.id);
  }
  // Three devices agree with each other: from now on nobody is let in.
  assert.match(await upgradeAnswer(gateway.tools(), devices[3]), /^HTTP\/1\.1 503 [\s\S]*clock_untrusted/);
  assert.equal((await api('GET', '/readyz')).status, 503);
  for (const { id } of devices)
    assert.deepEqual(((await api('GET', `/v1/devices/${id}/rejected`)).body as { items: unknown[] }).items, []);
  at.now += 3 * hour;
  while ((await api('GET', '/readyz')).status !== 200) await new Promise(setImmediate);
  const link = await gateway.tools().connect(devices[3], '?stream=main');
  assert.deepEqual(await send(link, { seq: 1, ts: at.now, values: { a: 3 } }), []);
});

test('an operator who confirms the clock is believed more than the devices: their times of the future are nacked', async (context) => {
  const gateway = await startOnClock(context);
  const { at, api } = gateway;
  const devices = [];
  for (const id of ['d', 'e', 'f']) devices.push(await gateway.tools().addDevice(id));
  const first = await gateway.tools().connect(devices[0], '?stream=main');
  await send(first, { seq: 1, values: { a: 1 } });
  await gateway.restart();
  for (const device of devices) {
    const link = await gateway.tools().connect(device, '?stream=main');
    link.send({ seq: 2, ts: at.now + 3 * hour, values: { a: 2 } });
    assert.equal((await link.untilClosed()).code, 4005);
  }
  assert.equal((await api('POST', '/v1/gateway/confirm-clock')).status, 204);
  const link = await gateway.tools().connect(devices[0], '?stream=main');
  assert.deepEqual(await send(link, { seq: 2, ts: at.now + 3 * hour, values: { a: 2 } }), ['time_in_future']);
});

test('one device ahead among many that agree with the clock is nacked', async (context) => {
  const gateway = await startOnClock(context);
  const { at } = gateway;
  const devices = [];
  for (const id of ['d', 'e', 'f']) devices.push(await gateway.tools().addDevice(id));
  const first = await gateway.tools().connect(devices[0], '?stream=main');
  await send(first, { seq: 1, ts: at.now, values: { a: 1 } });
  await gateway.restart();
  const good = await gateway.tools().connect(devices[0], '?stream=main');
  await send(good, { seq: 2, ts: at.now + 1, values: { a: 1 } });
  const bad = await gateway.tools().connect(devices[1], '?stream=main');
  assert.deepEqual(await send(bad, { seq: 1, ts: at.now + 3 * hour, values: { a: 2 } }), ['time_in_future']);
});

test('while the file that shows a synchronised clock is missing, no device is let in', async (context) => {
  const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-sync-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'synchronized');
  const gateway = await startOnClock(context, [`clock.synchronizedFile=${file}`]);
  const device = await gateway.tools().addDevice('d');
  assert.match(await upgradeAnswer(gateway.tools(), device), /^HTTP\/1\.1 503 [\s\S]*clock_untrusted/);
  writeFileSync(file, '');
  while ((await gateway.api('GET', '/readyz')).status !== 200) await new Promise(setImmediate);
  const link = await gateway.tools().connect(device, '?stream=main');
  assert.deepEqual(await send(link, { seq: 1, values: { a: 1 } }), []);
});
