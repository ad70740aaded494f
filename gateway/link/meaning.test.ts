import assert from 'node:assert/strict';
import { connect as connectTcp } from 'node:net';
import { test } from 'node:test';
import { encodeTelemetry } from '../../schemas/frame/encode.js';
import { startTestGateway, type TestGateway, type TestLink } from '../gateway.fixture.js';

interface Rejected {
  rid: string;
  seq: number;
  code: string;
  message: string;
  bytes: string;
}

const rejectedOf = async ({ api }: TestGateway): Promise<Rejected[]> =>
  ((await api('GET', '/v1/devices/d/rejected')).body as { items: Rejected[] }).items;

const admit = ({ api }: TestGateway, { rid }: Rejected): Promise<{ status: number; body: never }> =>
  api('POST', `/v1/devices/d/rejected/${rid}/admit`);

const latestOf = async ({ api }: TestGateway): Promise<Record<string, { value: unknown; unit: string | null }>> =>
  ((await api('GET', '/v1/devices/d/latest')).body as { metrics: never }).metrics;

/** The hex of a frame with one row of one value per metric number. */
function frame(seq: number, table: number, metrics: number[], values: number[], base = Date.now()): string {
  const rows = [[0, ...values]];
  return Buffer.from(encodeTelemetry({ type: 'telemetry', kind: 'f64', seq, base, table, metrics, rows })).toString(
    'hex',
  );
}

/** The nacks of what was sent so far, with seq and code: an empty frame behind it asks for an ack. */
async function nacksBefore(link: TestLink, seq: number): Promise<unknown[]> {
  link.send({ seq, values: { nothing: null } });
  return codesOf(await link.untilAck(seq));
}

const long = (): number => Date.now() - 40 * 86_400_000;

const codesOf = (answers: { type: string; seq: number; code?: string }[]): unknown[] =>
  answers.filter(({ type }) => type === 'nack').map(({ seq, code }) => [seq, code]);

test('an admitted frame is read under the table of its link, and not under the model', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('d', { model: 'boiler' }), '?stream=main');
  link.send({ type: 'metrics', metrics: [{ name: 'humidity', unit: '%RH', scale: 0.5 }, { name: 'co2' }] });
  link.sendBytes(frame(1, 0, [0, 1], [42, 800], long()));
  assert.deepEqual(await nacksBefore(link, 2), [[1, 'time_too_old']]);
  await link.close();
  const [row] = await rejectedOf(tools);
  assert.deepEqual((await admit(tools, row)).body, { readings: 2 });
  const latest = await latestOf(tools);
  assert.deepEqual(Object.keys(latest).sort(), ['co2', 'humidity']);
  assert.deepEqual([latest.humidity.value, latest.humidity.unit, latest.co2.value], [21, '%RH', 800]);
});

test('an admitted frame of a numbered table keeps the names of its time, although the number has another table now', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('d'), '?stream=main');
  link.send({ type: 'metrics', table: 1, metrics: [{ name: 'old' }] });
  link.sendBytes(frame(1, 1, [0], [7], long()));
  for (let table = 2; table <= 9; table++) link.send({ type: 'metrics', table, metrics: [{ name: `m${table}` }] });
  link.send({ type: 'metrics', table: 1, metrics: [{ name: 'new' }] });
  await nacksBefore(link, 2);
  const [row] = await rejectedOf(tools);
  assert.deepEqual((await admit(tools, row)).body, { readings: 1 });
  assert.deepEqual(Object.keys(await latestOf(tools)), ['old']);
});

test('a frame that was read by a model is not admitted under another model', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('d', { model: 'boiler' }), '?stream=main');
  link.sendBytes(frame(1, 0, [0], [42], long()));
  await nacksBefore(link, 2);
  await link.close();
  assert.equal((await tools.api('PATCH', '/v1/devices/d', { model: 'tracker' })).status, 200);
  const [row] = await rejectedOf(tools);
  const refused = await admit(tools, row);
  assert.equal(refused.status, 409);
  assert.match(JSON.stringify(refused.body), /model boiler.*tracker/);
  assert.equal((await tools.api('PATCH', '/v1/devices/d', { model: 'boiler' })).status, 200);
  assert.deepEqual((await admit(tools, row)).body, { readings: 1 });
  assert.deepEqual(Object.keys(await latestOf(tools)), ['temperature']);
});

test('a frame of a table that nobody knew is admitted once the table is known', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('d'), '?stream=main');
  link.sendBytes(frame(1, 0, [0], [42]));
  link.sendBytes(frame(2, 4, [0], [43]));
  assert.deepEqual(await nacksBefore(link, 3), [
    [1, 'metric_unknown'],
    [2, 'metric_unknown'],
  ]);
  await tools.api('PATCH', '/v1/devices/d', { model: 'boiler' });
  link.send({ type: 'metrics', table: 4, metrics: [{ name: 'level' }] });
  await nacksBefore(link, 4);
  for (const row of await rejectedOf(tools)) assert.deepEqual((await admit(tools, row)).body, { readings: 1 });
  const latest = await latestOf(tools);
  assert.deepEqual([latest.temperature.value, latest.level.value], [42, 43]);
});

test('an admitted JSON frame has the units that its link declared', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('d'), '?stream=main');
  link.send({ type: 'metrics', metrics: [{ name: 'level', unit: 'm' }] });
  link.send({ seq: 1, ts: long(), values: { level: 3, other: 4 } });
  await nacksBefore(link, 2);
  await link.close();
  const [row] = await rejectedOf(tools);
  assert.deepEqual((await admit(tools, row)).body, { readings: 2 });
  const latest = await latestOf(tools);
  assert.deepEqual([latest.level.unit, latest.other.unit], ['m', null]);
});

test('after a refused declaration the frames of that table are metric_unknown, and are admitted under what was declared', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('d');
  const link = await tools.connect(device, '?stream=main');
  link.send({ type: 'metrics', table: 1, metrics: [{ name: 'humidity' }] });
  link.sendBytes(frame(1, 1, [0], [40]));
  await link.untilAck(1);
  link.send({ type: 'metrics', table: 1, metrics: [{ name: 'temperature', unit: 'Cel' }] });
  link.sendBytes(frame(2, 1, [0], [21.5]));
  assert.deepEqual(await nacksBefore(link, 3), [
    [0, 'schema_invalid'],
    [2, 'metric_unknown'],
  ]);
  const [row] = await rejectedOf(tools);
  assert.match(row.message, /this link declared table 1 otherwise/);
  link.send({ type: 'metrics', table: 1, metrics: [{ name: 'humidity' }] });
  link.sendBytes(frame(4, 1, [0], [41]));
  assert.deepEqual(await nacksBefore(link, 5), [], 'the contents that hold are declared again');
  link.send({ type: 'metrics', table: 1, metrics: [{ name: 'temperature' }] });
  await link.next();
  await link.close();
  const later = await tools.connect(device, '?stream=main');
  later.sendBytes(frame(6, 1, [0], [42]));
  assert.deepEqual(await nacksBefore(later, 7), [], 'the refusal ended with its link');
  assert.deepEqual((await admit(tools, row)).body, { readings: 1 });
  const latest = await latestOf(tools);
  assert.deepEqual([latest.humidity.value, latest.temperature.value, latest.temperature.unit], [42, 21.5, 'Cel']);
});

test('a declaration refused for its form makes its table unknown too, the model instead of table 0 included', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('d', { model: 'boiler' }), '?stream=main');
  link.send({ type: 'metrics', table: 2, metrics: [{ name: 'humidity' }] });
  link.send({ type: 'metrics', metrics: [{ name: 'a b' }] });
  link.sendBytes(frame(1, 0, [0], [21.5]));
  link.send('{"type":"metrics","table":2,"metrics":[{"name":"temperature","scale":nan}]}');
  link.sendBytes(frame(2, 2, [0], [21.5]));
  link.send({ type: 'metrics', metrics: [{ name: 'co2' }, { name: 'co2' }] });
  link.sendBytes(frame(3, 0, [0], [21.5]));
  link.send(`{"type":"metrics","metrics":[{"name":"co2"}]${' '.repeat(70_000)}}`);
  link.sendBytes(frame(4, 0, [0], [21.5]));
  link.send({ type: 'metrics', metrics: [{ name: 'co2' }] });
  link.sendBytes(frame(5, 0, [0], [21.5]));
  const answers = codesOf(await link.untilAck(5)).filter((nack) => (nack as number[])[0] > 0);
  assert.deepEqual(
    answers,
    [1, 2, 3, 4].map((seq) => [seq, 'metric_unknown']),
  );
  assert.deepEqual(Object.keys(await latestOf(tools)), ['co2']);
});

test('many refused tables of one link close it, because their contents are remembered', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('d'), '?stream=main');
  for (let n = 1; n <= 16; n++) {
    link.send({ type: 'metrics', table: n, metrics: [{ name: 'a' }] });
    link.send({ type: 'metrics', table: n, metrics: [{ name: 'b' }] });
  }
  assert.deepEqual(await link.untilClosed(), { code: 4103, reason: 'too_many_bad_frames' });
});

test('an integer that a double cannot hold is refused with its place, and one that it can hold is stored as it is', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('d'), '?stream=main');
  link.send('{"seq":1,"values":{"c":9007199254740993}}');
  const nack = (await link.next()) as Record<string, unknown>;
  assert.deepEqual([nack.seq, nack.code, nack.path], [1, 'value_invalid', '/values/c']);
  assert.match(String(nack.message), /send it as a string/);
  link.send('{"seq":2,"values":{"iccid":8944500102198304826}}');
  link.send(
    '{"seq":3,"samples":[{"ts":1795305600123,"values":{"a":1}},{"ts":1795305600124,"values":{"a":-9007199254740993}}]}',
  );
  link.send('{"seq":4,"values":{"a":9007199254740992,"b":-9007199254740991,"c":0.30000000000000004,"d":1.2e18}}');
  link.send('{"seq":5,"values":{"s":"9007199254740993"}}');
  link.send('{"type":"hello","attributes":{"iccid":8944500102198304826}}');
  link.send('{"seq":6,"values":{"s":"x"}}');
  assert.deepEqual(codesOf(await link.untilAck(6)).sort(), [
    [0, 'value_invalid'],
    [2, 'value_invalid'],
    [3, 'value_invalid'],
  ]);
  const latest = await latestOf(tools);
  assert.deepEqual(
    [latest.a.value, latest.b.value, latest.c.value, latest.d.value],
    [2 ** 53, -(2 ** 53) + 1, 0.30000000000000004, 1.2e18],
  );
});

test('the result of a command with a number that would be rounded is refused in either encoding', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('d'), '?stream=main');
  await tools.api('POST', '/v1/devices/d/commands', { name: 'read' });
  const { id } = (await link.next()) as { id: string };
  link.send(`{"type":"command_update","id":"${id}","state":"succeeded","result":{"n":[9007199254740993]}}`);
  const nack = (await link.next()) as Record<string, unknown>;
  assert.deepEqual([nack.seq, nack.code, nack.path], [0, 'value_invalid', '/result/n/0']);
  const head = `01020300${id.replaceAll('-', '')}`;
  link.sendBytes(head + Buffer.from('{"n":9007199254740993}').toString('hex'));
  assert.equal(((await link.next()) as { code: string }).code, 'value_invalid');
});

test('a body with a number that would be rounded is refused', async (context) => {
  const { gateway, addDevice } = await startTestGateway(context);
  await addDevice('d');
  const answer = await fetch(`${gateway.operatorUrl}/v1/devices/d/commands`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.adminKey}`, 'content-type': 'application/json', connection: 'close' },
    body: '{"name":"set","params":{"counter":9007199254740993}}',
  });
  const problem = (await answer.json()) as { code: string; errors: { path: string; message: string }[] };
  assert.deepEqual([answer.status, problem.code, problem.errors[0].path], [400, 'body_invalid', '/params/counter']);
  assert.match(problem.errors[0].message, /string/);
});

test('a refused text with a legible seq is nacked with it, and the mark moves', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('d');
  const link = await tools.connect(device, '?stream=main');
  const nackOf = async (text: string): Promise<{ seq: number; code: string; message: string }> => {
    link.send(text);
    return (await link.next()) as { seq: number; code: string; message: string };
  };
  const bare = await nackOf('{"seq":1,"values":{"t":21.5,"dht":nan}}');
  assert.deepEqual([bare.seq, bare.code], [1, 'json_invalid']);
  assert.match(bare.message, /\bnan\b.*null/);
  const first = await nackOf('{"seq":2,"samples":[{"ts":1,"va');
  assert.deepEqual([first.seq, first.code], [2, 'json_invalid']);
  assert.match(first.message, /ends inside/);
  const second = await nackOf('lues":{"a":1}}]}');
  assert.deepEqual([second.seq, second.code], [0, 'json_invalid']);
  assert.match(second.message, /parts of one message\?/);
  link.send('{"seq":3,"values":{"t":1}}');
  // Each of the two nacks has its own commit, so an ack of 1 or 2 may come first.
  await link.untilAck(3);
  await link.close();
  assert.equal((await tools.connect(device, '?stream=main')).welcome.lastSeq, 3);
});

test('text that is not UTF-8 ends the link, and leaves an entry in the quarantine', async (context) => {
  const tools = await startTestGateway(context);
  const { id, secret } = await tools.addDevice('d');
  const { port } = new URL(tools.gateway.deviceUrl);
  await new Promise<void>((resolve, reject) => {
    const socket = connectTcp(Number(port), '127.0.0.1', () =>
      socket.write(
        [
          'GET /v1/device?stream=main HTTP/1.1',
          'Host: x',
          'Connection: Upgrade',
          'Upgrade: websocket',
          'Sec-WebSocket-Version: 13',
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
          `Authorization: Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
          '\r\n',
        ].join('\r\n'),
      ),
    );
    let sent = false;
    socket.on('data', () => {
      if (sent) return;
      sent = true;
      const text = Buffer.from('{"seq":1,"values":{"u":"\xb0C"}}', 'latin1');
      socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]));
    });
    socket.on('close', () => resolve());
    socket.on('error', reject);
  });
  let rows = await rejectedOf(tools);
  while (rows.length === 0) rows = await rejectedOf(tools);
  assert.deepEqual([rows.length, rows[0].seq, rows[0].code], [1, 0, 'json_invalid']);
  assert.match(rows[0].message, /not UTF-8/);
  const refused = await admit(tools, rows[0]);
  assert.equal(refused.status, 409);
});
