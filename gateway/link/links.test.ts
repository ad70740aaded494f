import assert from 'node:assert/strict';
import { connect as connectTcp } from 'node:net';
import { test } from 'node:test';
import { readJson } from '../../schemas/load.js';
import { type FaultCode, faults } from '../../schemas/tables/faults.js';
import { startTestGateway, type TestGateway } from '../gateway.fixture.js';

/** The raw answer to an HTTP request to the device port. */
function raw({ gateway }: TestGateway, lines: string[]): Promise<string> {
  const { port } = new URL(gateway.deviceUrl);
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

const upgrade = [
  'GET /v1/device HTTP/1.1',
  'Host: x',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
const authorization = ({ id, secret }: { id: string; secret: string }): string =>
  `Authorization: Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

test('the sample nonce of RFC 6455 gets the accept value of the RFC, and credentials are not echoed', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a');
  const entry = `tidegate.auth.${Buffer.from(`a:${device.secret}`).toString('base64url')}`;
  const answer = await raw(tools, [...upgrade, `Sec-WebSocket-Protocol: tidegate.v1.json, ${entry}`]);
  assert.match(answer, /^HTTP\/1\.1 101 /);
  assert.match(answer, /Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i);
  assert.match(answer, /Sec-WebSocket-Protocol: tidegate\.v1\.json\r\n/i);
  assert.doesNotMatch(answer, /tidegate\.auth|uWebSockets/i);
  const bare = await raw(tools, [...upgrade, authorization(device)]);
  assert.doesNotMatch(bare, /Sec-WebSocket-Protocol/i);
});

test('a refusal is a problem document with the headers of its status', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a');
  const cases: [string[], number, string, RegExp?][] = [
    [upgrade, 401, 'credentials_missing', /WWW-Authenticate: Basic realm="tidegate"/],
    [[...upgrade, 'Authorization: Basic eDp5'], 401, 'credentials_invalid', /WWW-Authenticate: Basic realm="tidegate"/],
    [[...upgrade, authorization(device), 'Sec-WebSocket-Protocol: mqtt'], 400, 'subprotocol_unsupported'],
    [['GET /v1/device?stream=a%20b HTTP/1.1', ...upgrade.slice(1), authorization(device)], 400, 'stream_invalid'],
    [['GET /v1/device/b HTTP/1.1', ...upgrade.slice(1), authorization(device)], 401, 'credentials_invalid'],
    [
      ['GET /v1/device HTTP/1.1', 'Host: x'],
      426,
      'upgrade_required',
      /Upgrade: websocket\r\nSec-WebSocket-Version: 13/,
    ],
    [['POST /v1/device HTTP/1.1', 'Host: x', 'Content-Length: 0'], 426, 'upgrade_required'],
    [[...upgrade.filter((line) => !line.startsWith('Upgrade')), authorization(device)], 426, 'upgrade_required'],
    [[...upgrade.map((line) => line.replace('13', '12')), authorization(device)], 426, 'upgrade_required'],
    [['GET /elsewhere HTTP/1.1', 'Host: x'], 404, 'not_found'],
  ];
  for (const [request, status, code, header] of cases) {
    const answer = await raw(tools, request);
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), request.join(' '));
    assert.match(answer, /Content-Type: application\/problem\+json/);
    const problem = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as { code: string; status: number };
    assert.deepEqual([problem.code, problem.status], [code, status]);
    if (header !== undefined) assert.match(answer, header);
  }
});

test('frames that share a commit are acknowledged by one ack', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a');
  const link = await tools.connect(device, '?stream=main');
  const { serverTime, ...welcome } = link.welcome;
  assert.deepEqual(welcome, {
    type: 'welcome',
    device: 'a',
    stream: 'main',
    lastSeq: 0,
    window: 64,
    maxFrameBytes: 65_536,
    keepaliveSeconds: 25,
  });
  assert.ok(Math.abs((serverTime as number) - Date.now()) < 10_000);
  link.send({ type: 'hello', agent: 'acme-fw', firmware: '1.4.2', attributes: { serial: 'A17' } });
  for (let seq = 1; seq <= 20; seq++) link.send({ seq, values: { temperature: seq } });
  const answers = await link.untilAck(20);
  assert.ok(answers.length < 20, `${answers.length} acks`);
  const { body } = await tools.api('GET', '/v1/devices/a');
  const { presence, attributes } = body as { presence: Record<string, unknown>; attributes: unknown };
  assert.deepEqual(
    [presence.online, presence.agent, presence.firmware, presence.stream, attributes],
    [true, 'acme-fw', '1.4.2', 'main', { serial: 'A17' }],
  );
});

test('the welcome after a reconnect has the mark, and a resent frame below it is quarantined', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a');
  const first = await tools.connect(device, '?stream=main');
  for (let seq = 1; seq <= 3; seq++) first.send({ seq, ts: 1_000 + Date.now() - seq, values: { a: seq } });
  await first.untilAck(3);
  await first.close();
  const second = await tools.connect(device, '?stream=main');
  assert.equal(second.welcome.lastSeq, 3);
  second.send({ seq: 1, values: { a: 100 } });
  assert.deepEqual(await second.next(), {
    type: 'nack',
    seq: 1,
    code: 'seq_invalid',
    message: 'seq 1 is not above lastSeq 3 of the welcome',
  });
  second.send({ seq: 4, values: { a: 4 } });
  await second.untilAck(4);
  const { items } = (await tools.api('GET', '/v1/devices/a/rejected')).body as {
    items: { seq: number; code: string; bytes: string }[];
  };
  assert.deepEqual(
    items.map(({ seq, code }) => [seq, code]),
    [[1, 'seq_invalid']],
  );
  assert.equal(Buffer.from(items[0].bytes, 'base64').toString(), '{"seq":1,"values":{"a":100}}');
});

test('a stream without a name is new on each link', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a');
  const first = await tools.connect(device);
  first.send({ seq: 1, values: { a: 1 } });
  await first.untilAck(1);
  await first.close();
  const second = await tools.connect(device);
  assert.equal(second.welcome.lastSeq, 0);
  assert.notEqual(second.welcome.stream, first.welcome.stream);
  assert.match(second.welcome.stream, /^[A-Za-z0-9_-]{1,64}$/);
});

test('sixteen streams are kept per device, and the least recently used one is forgotten', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a');
  for (let n = 1; n <= 17; n++) {
    const link = await tools.connect(device, `?stream=s${n}`);
    link.send({ seq: 5, ts: Date.now() + n, values: { a: n } });
    await link.untilAck(5);
    await link.close();
  }
  const marks = [];
  for (const n of [2, 17, 1]) {
    const link = await tools.connect(device, `?stream=s${n}`);
    marks.push(link.welcome.lastSeq);
    await link.close();
  }
  assert.deepEqual(marks, [5, 5, 0]);
});

test('refused frames are nacked in order with code and path, advance the mark, and do not block the next frames', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a');
  const link = await tools.connect(device, '?stream=main');
  link.send({ seq: 1, values: { temperature: 21.5 } });
  link.send({ seq: 2, values: { temperature: 'warm' } });
  link.send({ seq: 3, ts: Date.now() + 600_000, values: { temperature: 1 } });
  link.send({ seq: 4, ts: 1_000, values: { temperature: 1 } });
  link.send('{"seq":5,"values":{"a":{}}}');
  link.send('{broken');
  link.send({ type: 'teleport' });
  link.send({ seq: 6, samples: [{ ts: 0, values: { a: 1 } }, { values: { a: 2 } }] });
  link.send({ seq: 7, values: { temperature: 22 } });
  const answers = await link.untilAck(7);
  const nacks = answers.filter(({ type }) => type === 'nack').map(({ seq, code }) => [seq, code]);
  assert.deepEqual(nacks, [
    [2, 'value_invalid'],
    [3, 'time_in_future'],
    [4, 'time_too_old'],
    [5, 'value_invalid'],
    [0, 'json_invalid'],
    [0, 'type_unknown'],
    [6, 'schema_invalid'],
  ]);
  await link.close();
  const again = await tools.connect(device, '?stream=main');
  assert.equal(again.welcome.lastSeq, 7);
});

test('a descending seq and a seq too far ahead are refused, and neither moves the mark', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a');
  const link = await tools.connect(device, '?stream=main');
  link.send({ seq: 10, values: { a: 1 } });
  link.send({ seq: 9, ts: 0, values: { b: 1 } });
  link.send({ seq: 10 + 2 ** 24 + 1, values: { a: 2 } });
  link.send({ seq: 11, values: { a: 3 } });
  const answers = await link.untilAck(11);
  assert.deepEqual(
    answers.filter(({ type }) => type === 'nack').map(({ seq, code }) => [seq, code]),
    [
      [9, 'seq_invalid'],
      [10 + 2 ** 24 + 1, 'seq_invalid'],
    ],
  );
  const { body } = await tools.api('GET', '/metrics');
  assert.match(body as string, /^tidegate_seq_gaps_total 1$/m);
});

test('a binary frame needs a declared table, and a table cannot be changed', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a');
  const link = await tools.connect(device, '?stream=main');
  link.sendBytes('0101010101000000' + '0000000000000000' + '0100' + '0300' + '0000' + '0000' + '00000000' + '0000ac41');
  assert.equal(((await link.next()) as { code: string }).code, 'metric_unknown');
  link.send({ type: 'metrics', table: 3, metrics: [{ name: 'temperature', unit: 'Cel', scale: 0.5 }] });
  link.sendBytes('0101010102000000' + '0000000000000000' + '0100' + '0300' + '0000' + '0000' + '00000000' + '0000ac41');
  await link.untilAck(2);
  link.send({ type: 'metrics', table: 3, metrics: [{ name: 'pressure' }] });
  assert.deepEqual(await link.next(), {
    type: 'nack',
    seq: 0,
    code: 'schema_invalid',
    path: '/table',
    message: 'table 3 was declared before, with other metrics',
  });
  await link.close();
  const later = await tools.connect(device, '?stream=main', ['tidegate.v1.binary']);
  later.sendBytes(
    '0101010103000000' + 'ffffffffffffffff' + '0100' + '0300' + '0000' + '0000' + '00000000' + '0000ac41',
  );
  await later.next();
  const { metrics } = (await tools.api('GET', '/v1/devices/a/latest')).body as {
    metrics: Record<string, { value: number; unit: string }>;
  };
  assert.deepEqual(
    [metrics.temperature.value, metrics.temperature.unit, Object.keys(metrics)],
    [10.75, 'Cel', ['temperature']],
  );
});

test('a model gives a device its metrics by number, with units, kinds and ranges', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('truck', { model: 'tracker' });
  const link = await tools.connect(device, '?stream=main');
  link.send({ seq: 1, values: { lat: 91, lon: 9 } });
  assert.equal(((await link.next()) as { code: string }).code, 'value_out_of_range');
  link.send({ seq: 2, values: { speed: 4_000 } });
  await link.untilAck(2);
  const { body } = await tools.api('GET', '/metrics');
  assert.match(body as string, /^tidegate_values_out_of_range_total 1$/m);
});

test('a newer link of a device takes over, the older one is closed with 4100, and its late end changes nothing', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a');
  const older = await tools.connect(device, '?stream=main');
  const newer = await tools.connect(device, '?stream=main');
  assert.equal((await older.untilClosed()).code, 4100);
  newer.send({ seq: 1, values: { a: 1 } });
  await newer.untilAck(1);
  const { body } = await tools.api('GET', '/v1/devices/a');
  assert.equal((body as { presence: { online: boolean } }).presence.online, true);
});

test('more unacknowledged frames than the window close the link with 4003, and the frames within it are stored', async (context) => {
  const tools = await startTestGateway(context, ['store.commitIntervalMs=1000']);
  const device = await tools.addDevice('a');
  const link = await tools.connect(device, '?stream=main');
  link.send({ seq: 1, values: { a: 0 } });
  await link.untilAck(1);
  for (let seq = 2; seq <= 70; seq++) link.send({ seq, values: { a: seq } });
  assert.equal((await link.untilClosed()).code, 4003);
  const again = await tools.connect(device, '?stream=main');
  assert.equal(again.welcome.lastSeq, 65);
});

test('a frame over the soft limit is refused with its seq, and the link stays open', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a');
  const link = await tools.connect(device, '?stream=main');
  const samples = Array.from({ length: 5_000 }, (_, i) => ({ ts: -i, values: { a: i } }));
  link.send({ seq: 1, samples });
  const nack = (await link.next()) as { seq: number; code: string };
  assert.deepEqual([nack.seq, nack.code], [1, 'frame_too_large']);
  link.send({ seq: 2, values: { a: 1 } });
  await link.untilAck(2);
});

test('unnumbered frames are stored without an ack, each at another receipt time', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a');
  const link = await tools.connect(device, '?stream=main');
  for (let n = 0; n < 10; n++) link.send({ values: { a: n } });
  link.send({ seq: 1, values: { b: 1 } });
  assert.deepEqual((await link.untilAck(1)).length, 1);
  const { items } = (await tools.api('GET', '/v1/devices/a/readings?metric=a')).body as {
    items: { ts: number; value: number }[];
  };
  assert.deepEqual(
    items.map(({ value }) => value),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  assert.equal(new Set(items.map(({ ts }) => ts)).size, 10);
});

test('every golden refusal is nacked with its code and its seq', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('a'), '?stream=main', ['tidegate.v1.binary']);
  const { invalid } = readJson('schemas/vectors/frames.json') as {
    invalid: { name: string; hex: string; fault: FaultCode; seq: number }[];
  };
  for (const { name, hex, fault, seq } of invalid) {
    link.sendBytes(hex);
    const nack = (await link.next()) as Buffer;
    assert.deepEqual([nack[1], nack.readUInt16LE(2), nack.readUInt32LE(4)], [0x83, faults[fault].number, seq], name);
  }
  const { items } = (await tools.api('GET', '/v1/devices/a/rejected')).body as { items: { bytes: string }[] };
  assert.deepEqual(
    items.map(({ bytes }) => Buffer.from(bytes, 'base64').toString('hex')).reverse(),
    invalid.map(({ hex }) => hex),
  );
});

test('a frame with more metrics than a device may have is refused, and the other frames of the device are stored', async (context) => {
  const tools = await startTestGateway(context, ['limits.seriesPerDevice=2']);
  const link = await tools.connect(await tools.addDevice('a'), '?stream=main');
  link.send({ seq: 1, values: { a: 1 } });
  link.send({ seq: 2, values: { a: 2, b: 2, c: 2 } });
  link.send({ seq: 3, values: { a: 3, b: 3 } });
  const answers = await link.untilAck(3);
  assert.deepEqual(
    answers.filter(({ type }) => type === 'nack').map(({ seq, code }) => [seq, code]),
    [[2, 'too_many_series']],
  );
});

test('too many queued bytes close the link with 4001, and the mark stays below the frames that were not stored', async (context) => {
  const tools = await startTestGateway(context, ['store.queuedBytesMax=1048576', 'store.commitIntervalMs=1000']);
  const device = await tools.addDevice('a');
  const link = await tools.connect(device, '?stream=main');
  link.send({ seq: 1, values: { a: 1 } });
  await link.untilAck(1);
  const text = 'x'.repeat(1_000);
  const values = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`m${i}`, text]));
  for (let seq = 2; seq <= 40; seq++) link.send({ seq, ts: Date.now() - 1_000 + seq, values });
  assert.equal((await link.untilClosed()).code, 4001);
  const again = await tools.connect(device, '?stream=main');
  assert.ok(again.welcome.lastSeq > 15 && again.welcome.lastSeq < 40, `${again.welcome.lastSeq}`);
  const { items } = (await tools.api('GET', '/v1/devices/a/readings?metric=m0')).body as { items: unknown[] };
  assert.equal(items.length, again.welcome.lastSeq - 1);
});

test('unnumbered frames do not count in the window', async (context) => {
  const tools = await startTestGateway(context, ['store.commitIntervalMs=200']);
  const device = await tools.addDevice('a');
  const link = await tools.connect(device, '?stream=main');
  link.send({ seq: 1, values: { a: 0 } });
  await link.untilAck(1);
  for (let n = 0; n < 200; n++) link.send({ values: { a: n } });
  for (let seq = 2; seq <= 65; seq++) link.send({ seq, values: { b: seq } });
  await link.untilAck(65);
});

test('a repeat of a reading is acknowledged, counted and not stored', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a');
  const link = await tools.connect(device, '?stream=main');
  const ts = Date.now();
  link.send({ seq: 1, ts, values: { a: 1 } });
  link.send({ seq: 2, ts, values: { a: 2 } });
  await link.untilAck(2);
  const { items } = (await tools.api('GET', '/v1/devices/a/readings')).body as { items: unknown[] };
  assert.deepEqual(items, [{ metric: 'a', ts, value: 1 }]);
  assert.match((await tools.api('GET', '/metrics')).body as string, /^tidegate_readings_repeated_total 1$/m);
});

test('time requests are answered in the encoding of the link', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a');
  const link = await tools.connect(device, '', ['tidegate.v1.binary']);
  link.sendBytes('0103000007000000');
  const answer = (await link.next()) as Buffer;
  assert.equal(answer.subarray(0, 8).toString('hex'), '0185000007000000');
  assert.equal(answer.length, 16);
  link.send({ type: 'command_update', id: '01936c3e-7a10-7b21-8c32-9d43ae54bf65', state: 'received' });
  assert.equal(((await link.next()) as Buffer).readUInt16LE(2), 15);
});

test('too many refused frames close the link with 4103 after their nacks, and unknown types do not count', async (context) => {
  const tools = await startTestGateway(context, ['limits.badFrames=5']);
  const device = await tools.addDevice('a');
  const link = await tools.connect(device, '?stream=main');
  for (let n = 0; n < 20; n++) link.send({ type: 'later' });
  for (let n = 0; n < 20; n++) assert.equal(((await link.next()) as { code: string }).code, 'type_unknown');
  for (let n = 0; n < 7; n++) link.send('{');
  for (let n = 0; n < 6; n++) assert.equal(((await link.next()) as { code: string }).code, 'json_invalid');
  assert.equal((await link.untilClosed()).code, 4103);
});

test('disabling, revoking and removing close the link, each with its code', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a');
  const disabled = await tools.connect(device);
  await tools.api('PATCH', '/v1/devices/a', { state: 'disabled' });
  assert.equal((await disabled.untilClosed()).code, 4102);
  await assert.rejects(tools.connect(device));
  await tools.api('PATCH', '/v1/devices/a', { state: 'active' });
  const revoked = await tools.connect(device);
  const more = (await tools.api('POST', '/v1/devices/a/credentials', {})).body as { id: string; secret: string };
  await tools.api('DELETE', `/v1/devices/a/credentials/${device.cid}`);
  assert.equal((await revoked.untilClosed()).code, 4101);
  const removed = await tools.connect(more);
  await tools.api('DELETE', '/v1/devices/a');
  assert.equal((await removed.untilClosed()).code, 4104);
  await assert.rejects(tools.connect(more));
});

test('the presence of a sleeping device has the time at which it will be back', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('a');
  const link = await tools.connect(device);
  await link.close(1000, '{"backInMs":60000}');
  const { presence } = (await tools.api('GET', '/v1/devices/a')).body as {
    presence: { online: boolean; since: number; backAt: number; lastClose: { code: number } };
  };
  assert.deepEqual([presence.online, presence.lastClose.code, presence.backAt - presence.since], [false, 1000, 60_000]);
});

test('a clock behind the data refuses links and nacks no frames', async (context) => {
  let now = Date.now();
  const tools = await startTestGateway(context, [], { clock: { now: () => now } });
  const device = await tools.addDevice('a');
  const link = await tools.connect(device, '?stream=main');
  link.send({ seq: 1, values: { a: 1 } });
  await link.untilAck(1);
  now -= 86_400_000;
  link.send({ seq: 2, ts: now + 86_400_000, values: { a: 2 } });
  assert.equal((await link.untilClosed()).code, 4005);
  const answer = await raw(tools, [...upgrade, authorization(device)]);
  assert.match(answer, /^HTTP\/1\.1 503 /);
  assert.match(answer, /Retry-After: \d+\r\n/);
  assert.match(answer, /"clock_untrusted"/);
  now += 86_400_000;
  const again = await tools.connect(device, '?stream=main');
  assert.equal(again.welcome.lastSeq, 1);
});

test('links that send nothing do not push a device’s own streams out', async (context) => {
  const tools = await startTestGateway(context);
  const credential = await tools.addDevice('d');
  const own = await tools.connect(credential, '?stream=main');
  for (let seq = 1; seq <= 3; seq++) own.send({ seq, values: { x: seq } });
  await own.untilAck(3);
  await own.close();
  for (let n = 0; n < 40; n++) await (await tools.connect(credential, `?stream=s${n}`)).close();
  const again = await tools.connect(credential, '?stream=main');
  assert.equal(again.welcome.lastSeq, 3);
  await again.close();
  // Streams that do send push out the one that was used least recently.
  for (let n = 0; n < 16; n++) {
    const link = await tools.connect(credential, `?stream=t${n}`);
    link.send({ seq: 1, values: { y: n } });
    await link.untilAck(1);
    await link.close();
  }
  const last = await tools.connect(credential, '?stream=main');
  assert.equal(last.welcome.lastSeq, 0);
  await last.close();
});
