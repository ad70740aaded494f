import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeTelemetry } from '../../schemas/frame/encode.js';
import { startTestGateway } from '../gateway.fixture.js';
import type { Device } from '../types.js';
import { type Aged, keepApart } from './ages.js';
import { createSource } from './source.js';

const sourceOf = () => createSource({ id: 'd' } as Device);
/** A frame of `rows` samples, a millisecond apart, of these metrics. */
const frame = (ts: number, rows = 1, metrics = ['a']): Aged[] =>
  Array.from({ length: rows }, (_, row) => metrics.map((metric): Aged => [metric, ts + row])).flat();

test('ages that meet are set apart by the fewest ms, those of another metric or another time are let be', () => {
  const source = sourceOf();
  const take = (ts: number, metric = 'a') => keepApart(source, frame(ts, 1, [metric]), 1);
  assert.deepEqual([take(100), take(100), take(100), take(101)], [0, 1, 2, 2]);
  assert.deepEqual([take(100, 'b'), take(99), take(50), take(99)], [0, 0, 0, 5]);
});

test('frames of many samples are set apart whole, and dense ones go behind each other', () => {
  const source = sourceOf();
  const metrics = ['a', 'b'];
  assert.equal(keepApart(source, frame(1_000, 100, metrics), 100), 0);
  assert.equal(keepApart(source, frame(1_060, 100, metrics), 100), 40);
  assert.equal(keepApart(source, frame(900, 100, metrics), 100), 0);
});

test('frames as large as they get are looked at for a bounded time', () => {
  const source = sourceOf();
  assert.equal(keepApart(source, frame(0, 8_000), 8_000), 0);
  assert.equal(keepApart(source, frame(7_000, 8_000), 8_000), 1_000);
});

test('whatever the delays, no two readings have one time while the delays are below seven frames', () => {
  for (const rows of [1, 3]) {
    const source = sourceOf();
    const stored = new Set<number>();
    let draw = 7;
    for (let n = 0; n < 5_000; n++) {
      draw = (Math.imul(draw, 1_103_515_245) + 12_345) >>> 0;
      const aged = frame(1_000_000 + 10 * rows * n + ((draw >>> 16) % (70 * rows)), rows);
      const delay = keepApart(source, aged, rows);
      for (const [, ts] of aged) stored.add(ts + delay);
    }
    assert.equal(stored.size, 5_000 * rows);
    assert.ok((source.given.get('a')?.times.length ?? 999) < 48, 'what is remembered is bounded');
  }
});

test('of a device without a clock every acknowledged reading is stored, however long each frame was on its way', async (context) => {
  let now = 1_800_000_000_000;
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
    // Measured 20 ms apart: the first was 20 ms longer on its way than the second.
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

test('a frame that an operator lets in keeps its times, so that letting it in twice stores it once', async (context) => {
  let now = 1_800_000_000_000;
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
