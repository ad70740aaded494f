import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeTelemetry } from '../../schemas/frame/encode.js';
import type { Device } from '../domain/device.js';
import { startTestGateway } from '../gateway.fixture.js';
import { type Ages, keepApart } from './ages.js';
import { createSource } from './source.js';

const sourceOf = () => createSource({ id: 'd' } as Device);
/** A frame of these metrics with `rows` samples, a millisecond apart. */
const frame = (ts: number, rows = 1, metrics = ['a']): Ages =>
  new Map(metrics.map((metric) => [metric, Array.from({ length: rows }, (_, row) => ts + row)]));

test('readings at the same time are moved apart by the fewest ms, and those of another metric or time are not moved', () => {
  const source = sourceOf();
  const take = (ts: number, metric = 'a') => keepApart(source, frame(ts, 1, [metric]), 1_000);
  assert.deepEqual([take(100), take(100), take(100), take(101)], [0, 1, 2, 2]);
  assert.deepEqual([take(100, 'b'), take(99), take(50), take(99)], [0, 0, 0, 5]);
});

test('a frame of many samples is moved as a whole, behind a dense one that it overlaps', () => {
  const source = sourceOf();
  const metrics = ['a', 'b'];
  assert.equal(keepApart(source, frame(1_000, 100, metrics), 1_000), 0);
  assert.equal(keepApart(source, frame(1_060, 100, metrics), 1_000), 40);
  assert.equal(keepApart(source, frame(900, 100, metrics), 1_000), 0);
});

test('a frame is never delayed longer than allowed, whatever its size and the frames before it', () => {
  for (const rows of [1, 12, 100, 8_000]) {
    const source = sourceOf();
    for (let n = 0; n < 100; n++) {
      const delayMax = n % 3 === 0 ? 0 : n;
      assert.ok(keepApart(source, frame(1_000, rows), delayMax) <= delayMax);
      assert.equal(keepApart(source, new Map([['a', [-1e12, 1_000 + rows - 1]]]), 0), 0);
    }
    assert.ok((source.given.get('a')?.length ?? 999) <= 256);
  }
});

test('old times are forgotten, so a metric with rare readings keeps few', () => {
  const source = sourceOf();
  for (let n = 0; n < 100; n++) keepApart(source, frame(60_000 * n), 1_000);
  assert.deepEqual(source.given.get('a'), [60_000 * 99]);
});

test('with any delays up to two seconds no two readings get the same time', () => {
  for (const rows of [1, 3]) {
    const source = sourceOf();
    const stored = new Set<number>();
    let draw = 7;
    for (let n = 0; n < 5_000; n++) {
      draw = (Math.imul(draw, 1_103_515_245) + 12_345) >>> 0;
      const ages = frame(1_000_000 + 50 * n + ((draw >>> 16) % 2_000), rows);
      const delay = keepApart(source, ages, 1_000);
      for (const ts of ages.get('a') ?? []) stored.add(ts + delay);
    }
    assert.equal(stored.size, 5_000 * rows);
  }
});

test('every acknowledged reading of a device without a clock is stored, whatever the delay of each frame', async (context) => {
  let now = Date.now();
  const tools = await startTestGateway(context, [], { clock: { now: () => now } });
  for (const encoding of ['json', 'binary']) {
    const device = await tools.addDevice(encoding);
    const link = await tools.connect(device, '?stream=main');
    link.send({ type: 'metrics', table: 1, metrics: [{ name: 'a' }] });
    const send = async (seq: number, ...ages: number[]) => {
      const rows = ages.map((age, i) => [age - ages[0], 10 * seq + i]);
      const base = ages[ages.length - 1];
      const frame = encodeTelemetry({ type: 'telemetry', kind: 'f32', seq, base, table: 1, metrics: [0], rows });
      const samples = ages.map((ts, i) => ({ ts, values: { a: 10 * seq + i } }));
      if (encoding === 'json') link.send({ seq, samples });
      else link.sendBytes(Buffer.from(frame).toString('hex'));
      await link.untilAck(seq);
    };
    // The readings were taken 20 ms apart, and the first frame arrived 20 ms later than the second would have.
    await send(1, -5);
    now += 20;
    await send(2, -25);
    await send(3, -26, 0);
    const { body } = await tools.api('GET', `/v1/devices/${encoding}/readings`);
    assert.deepEqual(
      (body as { items: { value: number; ts: number }[] }).items.map(({ ts, value }) => [ts - now, value]),
      [
        [-25, 10],
        [-24, 20],
        [-23, 30],
        [3, 31],
      ],
    );
  }
  const { body } = await tools.api('GET', '/metrics');
  assert.match(String(body), /tidegate_readings_repeated_total 0\b/);
});

test('an admitted frame keeps its times', async (context) => {
  let now = Date.now();
  const tools = await startTestGateway(context, [], { clock: { now: () => now } });
  const device = await tools.addDevice('d');
  const link = await tools.connect(device, '?stream=main');
  link.send({ seq: 1, ts: -5, values: { a: 1 } });
  await link.untilAck(1);
  now += 20;
  const rows = [[0, 1]];
  const frame = encodeTelemetry({ type: 'telemetry', kind: 'f32', seq: 2, base: -25, table: 1, metrics: [0], rows });
  link.sendBytes(Buffer.from(frame).toString('hex'));
  link.send({ type: 'metrics', table: 1, metrics: [{ name: 'a' }] });
  link.send({ seq: 3, ts: -20, values: { c: 1 } });
  await link.untilAck(3);
  const [{ rid }] = ((await tools.api('GET', '/v1/devices/d/rejected')).body as { items: { rid: string }[] }).items;
  assert.equal((await tools.api('POST', `/v1/devices/d/rejected/${rid}/admit`)).status, 200);
  const { body } = await tools.api('GET', '/v1/devices/d/readings?metric=a');
  assert.deepEqual((body as { items: object[] }).items, [{ metric: 'a', ts: now - 25, value: 1 }]);
});

test('"no value" uses no time, and absolute times beside ages are not moved', async (context) => {
  let now = Date.now();
  const tools = await startTestGateway(context, [], { clock: { now: () => now } });
  const device = await tools.addDevice('d');
  const link = await tools.connect(device, '?stream=main');
  link.send({ type: 'metrics', table: 1, metrics: [{ name: 'a' }, { name: 'b' }] });
  const send = (seq: number, base: number, row: number[]) => {
    const frame = encodeTelemetry({
      type: 'telemetry',
      kind: 'f32',
      seq,
      base,
      table: 1,
      metrics: [0, 1],
      rows: [row],
    });
    link.sendBytes(Buffer.from(frame).toString('hex'));
  };
  send(1, 0, [0, 1, Number.NaN]);
  await link.untilAck(1);
  now += 20;
  send(2, -20, [0, Number.NaN, 2]);
  await link.untilAck(2);
  now += 20;
  link.send({
    seq: 3,
    samples: [
      { ts: -40, values: { a: 3 } },
      { ts: now - 39, values: { a: 4 } },
    ],
  });
  await link.untilAck(3);
  const { body } = await tools.api('GET', '/v1/devices/d/readings');
  assert.deepEqual((body as { items: object[] }).items, [
    { metric: 'a', ts: now - 40, value: 1 },
    { metric: 'b', ts: now - 40, value: 2 },
    { metric: 'a', ts: now - 39, value: 4 },
  ]);
});

test('ages cannot move readings more than about a second ahead of the clock', async (context) => {
  const now = 1_800_000_000_000;
  const tools = await startTestGateway(context, [], { clock: { now: () => now } });
  const device = await tools.addDevice('d');
  const link = await tools.connect(device, '?stream=main');
  const dense = Array.from({ length: 100 }, (_, n) => ({ ts: n - 99, values: { a: n } }));
  for (let seq = 1; seq <= 30; seq++) {
    link.send({ seq, samples: dense });
    await link.untilAck(seq);
  }
  const { body } = await tools.api('GET', '/v1/devices/d/readings?order=desc&limit=1');
  const [newest] = (body as { items: { ts: number }[] }).items;
  assert.ok(newest.ts > now + 500 && newest.ts <= now + 1_030, `${newest.ts - now} ms ahead`);
});

test('a frame of a day that no file name can express cannot be admitted', async (context) => {
  const tools = await startTestGateway(context);
  const device = await tools.addDevice('d');
  const link = await tools.connect(device, '?stream=main');
  const times = [Date.UTC(10_000, 0), Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, Date.UTC(10_000, 0) - 1];
  for (const [i, ts] of times.entries()) link.send({ seq: i + 1, ts, values: { a: i } });
  link.send({ seq: 9, values: { b: 1 } });
  await link.untilAck(9);
  const { items } = (await tools.api('GET', '/v1/devices/d/rejected')).body as {
    items: { rid: string; seq: number }[];
  };
  for (const { rid, seq } of items) {
    const answer = await tools.api('POST', `/v1/devices/d/rejected/${rid}/admit`);
    assert.equal(answer.status, seq === times.length ? 200 : 409, JSON.stringify(answer.body));
  }
  assert.ok((await tools.api('POST', '/v1/gateway/seal')).status < 300);
  const { body } = await tools.api('GET', '/v1/devices/d/readings?metric=a');
  assert.deepEqual((body as { items: object[] }).items, [{ metric: 'a', ts: Date.UTC(10_000, 0) - 1, value: 3 }]);
});
