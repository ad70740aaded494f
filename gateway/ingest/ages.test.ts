import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeTelemetry } from '../../schemas/frame/encode.js';
import type { Device } from '../domain/device.js';
import { startTestGateway } from '../gateway.fixture.js';
import { keepApart, type TimesByMetric } from './ages.js';
import { createSource } from './source.js';
import { UsedTimes } from './usedTimes.js';

const rules = { usedBefore: () => [] };
/** Takes frames of one device, received long after their times. Returns the delays. */
function takeFrames({ madeUpMax = 1e12, usedBefore = (): number[] => [] } = {}) {
  const source = createSource({ id: 'd' } as Device);
  return (frame: TimesByMetric, own: Map<string, Set<number>> | null = null): number | null =>
    keepApart(source, frame, own, { receivedAt: madeUpMax, madeUpMax }, { usedBefore });
}
/** A frame of these metrics with `rows` samples, a millisecond apart. */
const frame = (ts: number, rows = 1, metrics = ['a']): TimesByMetric =>
  new Map(metrics.map((metric) => [metric, Array.from({ length: rows }, (_, row) => ts + row)]));

test('readings at the same time are moved apart by the fewest ms, and those of another metric or time are not moved', () => {
  const frames = takeFrames();
  const take = (ts: number, metric = 'a') => frames(frame(ts, 1, [metric]));
  assert.deepEqual([take(100), take(100), take(100), take(101)], [0, 1, 2, 2]);
  assert.deepEqual([take(100, 'b'), take(99), take(50), take(99)], [0, 0, 0, 5]);
});

test('a frame of many samples is moved as a whole, behind a dense one that it overlaps', () => {
  const take = takeFrames();
  const metrics = ['a', 'b'];
  assert.equal(take(frame(1_000, 100, metrics)), 0);
  assert.equal(take(frame(1_060, 100, metrics)), 40);
  assert.equal(take(frame(900, 100, metrics)), 0);
});

test('times of the same frame that are its own are not met', () => {
  const take = takeFrames();
  assert.equal(take(frame(100), new Map([['a', new Set([100, 101])]])), 2);
  assert.equal(take(frame(100), new Map([['b', new Set([100])]])), 0);
  assert.equal(take(frame(101), new Map([['a', new Set([101, 103])]])), 3);
});

test('what was stored before the start is not met', () => {
  const source = createSource({ id: 'd' } as Device);
  source.series.set('a', { id: 7, deviceKey: 1, metric: 'a', unit: null, kind: 0 });
  const times = { receivedAt: 0, madeUpMax: 1_000 };
  assert.equal(keepApart(source, frame(100), null, times, { usedBefore: ({ id }) => [100, 94 + id] }), 2);
  assert.equal(keepApart(source, frame(100, 1, ['new']), null, times, { usedBefore: () => [100] }), 0);
});

test('no time is later than allowed, whatever the size of the frame: it has to wait, and then there is room', () => {
  for (const rows of [1, 12, 100, 8_000]) {
    const source = createSource({ id: 'd' } as Device);
    let taken = 0;
    for (let n = 0, now = 10_000; n < 200; n++) {
      const delay = keepApart(source, frame(1_000, rows), null, { receivedAt: now, madeUpMax: now }, rules);
      if (delay !== null) {
        assert.ok(1_000 + rows - 1 + delay <= now);
        taken++;
      } else {
        now += rows;
        assert.notEqual(keepApart(source, frame(1_000, rows), null, { receivedAt: now, madeUpMax: now }, rules), null);
      }
    }
    assert.ok(taken > 0, `${rows} rows`);
  }
});

test('a frame whose place would take too long to find comes behind everything', () => {
  const take = takeFrames();
  const sparse: TimesByMetric = new Map([['a', Array.from({ length: 15_000 }, (_, i) => 2 * i)]]);
  for (let n = 0; n < 10; n++) assert.notEqual(take(sparse), null);
});

test('with any delays up to two seconds, and live frames between them, no two readings get the same time', () => {
  for (const rows of [1, 3]) {
    const take = takeFrames();
    const stored = new Set<number>();
    let draw = 7;
    let count = 0;
    for (let n = 0; n < 5_000; n++) {
      draw = (Math.imul(draw, 1_103_515_245) + 12_345) >>> 0;
      const live = n % 5 === 0;
      const ages = frame(live ? 9_000_000 + 50 * n : 1_000_000 + 50 * n + ((draw >>> 16) % 2_000), live ? 1 : rows);
      const delay = take(ages) ?? Number.NaN;
      for (const ts of ages.get('a') ?? []) stored.add(ts + delay);
      count += live ? 1 : rows;
    }
    assert.equal(stored.size, count);
  }
});

test('used times are spans: neighbours are one, and each time is found in its span', () => {
  const used = new UsedTimes();
  for (const time of [10, 12, 11, 20, 9, 10]) used.add(time, 0);
  assert.equal(used.spans, 2);
  assert.deepEqual(
    [8, 9, 12, 13, 19, 20, 21].map((time) => used.endOf(time)),
    [-1, 12, 12, -1, -1, 20, -1],
  );
  assert.equal(used.end(), 20);
});

test('used times against a set, in random order', () => {
  const used = new UsedTimes();
  const set = new Set<number>();
  let draw = 1;
  for (let n = 0; n < 3_000; n++) {
    draw = (Math.imul(draw, 1_103_515_245) + 12_345) >>> 0;
    const time = (draw >>> 8) % 500;
    used.add(time, 0);
    set.add(time);
    const asked = (draw >>> 4) % 500;
    let end = asked;
    while (set.has(end + 1)) end++;
    assert.equal(used.endOf(asked), set.has(asked) ? end : -1);
  }
});

test('spans that were used long ago are forgotten, and their number is bounded', () => {
  const used = new UsedTimes();
  for (let n = 0; n < 2_000; n++) used.add(60_000 * n, 60_000 * n);
  assert.ok(used.spans <= 512, `${used.spans}`);
  assert.equal(used.endOf(60_000 * 1_999), 60_000 * 1_999);
  assert.equal(used.endOf(60_000 * 1_800), 60_000 * 1_800);
  assert.equal(used.endOf(0), -1);
  const dense = new UsedTimes();
  for (let n = 0; n < 100_000; n++) dense.add(2 * n, 0);
  assert.ok(dense.spans <= 16_385, `${dense.spans}`);
  assert.equal(dense.endOf(199_998), 199_998);
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
    await send(3, -25, 0);
    const { body } = await tools.api('GET', `/v1/devices/${encoding}/readings`);
    assert.deepEqual(
      (body as { items: { value: number; ts: number }[] }).items.map(({ ts, value }) => [ts - now, value]),
      [
        [-25, 10],
        [-24, 20],
        [-23, 30],
        [2, 31],
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
    { metric: 'a', ts: now - 38, value: 3 },
  ]);
});

test('times that are made up are at most a second ahead of the clock: the device must come again, and loses nothing', async (context) => {
  const at = { now: 1_800_000_000_000 };
  const tools = await startTestGateway(context, [], { clock: { now: () => at.now } });
  const device = await tools.addDevice('d');
  let link = await tools.connect(device, '?stream=main');
  const dense = Array.from({ length: 100 }, (_, n) => ({ ts: n - 99, values: { a: n } }));
  for (let seq = 1; seq <= 30; ) {
    link.send({ seq, samples: dense });
    const acked = await link.untilAck(seq).catch(() => null);
    if (acked !== null) seq++;
    else {
      assert.equal((await link.untilClosed()).code, 4004);
      at.now += 500;
      link = await tools.connect(device, '?stream=main');
    }
    const { body } = await tools.api('GET', '/v1/devices/d/readings?order=desc&limit=1');
    const [newest] = (body as { items: { ts: number }[] }).items;
    assert.ok(newest.ts <= at.now + 1_000, `${newest.ts - at.now} ms ahead`);
  }
  const { items } = (await tools.api('GET', '/v1/devices/d/readings?limit=10000')).body as { items: unknown[] };
  assert.equal(items.length, 3_000);
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
