import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createManualTiming } from '../../clients/js/core/manualTiming.fixture.js';
import type { Ending } from '../../clients/js/core/reconnect.js';
import {
  encodeAck,
  encodeCommand,
  encodeNack,
  encodeTelemetry,
  encodeTimeAnswer,
  encodeWelcome,
} from '../../schemas/frame/encode.js';
import { createDevice, type DeviceOptions, type OutgoingFrame } from './device.js';
import { startProtocolServer } from './protocolServer.fixture.js';

interface NamedFrame extends OutgoingFrame {
  name: string;
}

/** A test fails if its device does not act within this time. */
const waits = { timeout: 10_000 };
const serverTime = 1_795_305_600_000;
const commandId = '01936c3e-7a10-7b21-8c32-9d43ae54bf65';

const json = (name: string): NamedFrame => ({
  name,
  encode: (seq) => JSON.stringify({ seq, ts: serverTime, values: { name } }),
});

const binary = (name: string): NamedFrame => ({
  name,
  encode: (seq) =>
    encodeTelemetry({
      type: 'telemetry',
      kind: 'f32',
      seq,
      base: serverTime,
      table: 3,
      metrics: [0],
      rows: [[0, 21.5]],
    }),
});

/** A device with a clock that the test moves, and a server that sends what the test wants. */
async function pair(context: TestContext, options: Partial<DeviceOptions<NamedFrame>> = {}) {
  const server = await startProtocolServer(context);
  const time = createManualTiming();
  const log: string[] = [];
  const endings: Ending[] = [];
  const downs: (() => void)[] = [];
  const device = createDevice<NamedFrame>({
    url: server.url,
    id: 'd',
    secret: 's',
    stream: 'main',
    encoding: 'json',
    random: () => 0.5,
    timing: time.timing,
    acked: ({ name }, seq) => log.push(`acked ${name}@${seq}`),
    nacked: ({ name }, seq, code) => log.push(`nacked ${name}@${seq} ${code}`),
    unlinked(ending) {
      endings.push(ending);
      downs.splice(0).forEach((resolve) => resolve());
    },
    ...options,
  });
  context.after(() => {
    device.drop();
    return device.stop();
  });
  /** Resolves at the next end of a link, after the device has set its timer for the next attempt. */
  const down = (): Promise<void> => new Promise<void>((resolve) => downs.push(() => setImmediate(resolve)));
  return { server, time, device, log, endings, down };
}

test(
  'a device authenticates, waits for the welcome, sends its hello, and then its buffered frames',
  waits,
  async (context) => {
    const { server, device, log } = await pair(context, {
      hello: { agent: 'test', maxCommandBytes: 2_048 },
      metrics: [{ name: 'temperature', unit: 'Cel' }],
      table: 3,
      localAddress: '127.0.0.2',
    });
    device.send(json('a'));
    device.start();
    const peer = await server.peer();
    assert.equal(peer.request.url, '/v1/device?stream=main');
    assert.equal(peer.request.headers.authorization, `Basic ${Buffer.from('d:s').toString('base64')}`);
    assert.equal(peer.request.headers['sec-websocket-protocol'], 'tidegate.v1.json');
    assert.equal(peer.request.socket.remoteAddress, '127.0.0.2');
    await peer.settled();
    assert.equal(peer.waiting(), 0, 'nothing before the welcome');
    peer.welcome(0);
    assert.deepEqual(await peer.said(), { type: 'hello', agent: 'test', maxCommandBytes: 2_048 });
    assert.deepEqual(await peer.said(), { type: 'metrics', table: 3, metrics: [{ name: 'temperature', unit: 'Cel' }] });
    assert.deepEqual(await peer.said(), { type: 'telemetry', seq: 1, ts: serverTime, values: { name: 'a' } });
    peer.say({ type: 'ack', seq: 1 });
    await peer.settled();
    assert.deepEqual([log, device.unacked(), device.state()], [['acked a@1'], 0, 'linked']);
  },
);

test('a device reads and sends every type of message in binary', waits, async (context) => {
  const { server, device, log, time } = await pair(context, {
    encoding: 'binary',
    commands: { echo: { run: (params) => params } },
  });
  device.start();
  const peer = await server.peer();
  assert.equal(peer.request.headers['sec-websocket-protocol'], 'tidegate.v1.binary');
  peer.say(
    encodeWelcome({ type: 'welcome', window: 2, lastSeq: 16, serverTime, maxFrameBytes: 65_536, keepaliveSeconds: 25 }),
  );
  for (const name of ['a', 'b', 'c', 'd', 'e']) device.send(binary(name));
  const { seq, rows } = await peer.said();
  assert.deepEqual([seq, rows], [17, [[0, 21.5]]]);
  assert.equal((await peer.said()).seq, 18);
  await peer.settled();
  assert.equal(peer.waiting(), 0, 'no more than the window');
  peer.say(encodeNack({ type: 'nack', seq: 18, code: 'value_invalid', detail: 'why' }));
  assert.equal((await peer.said()).seq, 19);
  peer.say(encodeAck({ type: 'ack', seq: 19, window: 9 }));
  assert.deepEqual([(await peer.said()).seq, (await peer.said()).seq], [20, 21]);
  assert.deepEqual(log, ['nacked b@18 value_invalid', 'acked a@17', 'acked c@19']);

  peer.say(
    encodeCommand({ type: 'command', id: commandId, name: 'echo', params: { n: 5 }, ttlMs: 0, expiresAt: 0, known: 0 }),
  );
  assert.deepEqual(await peer.said(), { type: 'command_update', id: commandId, state: 'received' });
  const final = await peer.said();
  assert.deepEqual([final.state, final.result], ['succeeded', { n: 5 }]);

  device.askTime(7);
  assert.deepEqual(await peer.said(), { type: 'time', echo: 7 });
  peer.say(encodeTimeAnswer({ type: 'time', echo: 7, serverTime: serverTime + 90_000 }));
  await peer.settled();
  assert.equal(device.serverNow() - time.timing.now(), 90_000);
});

test(
  'after a lost link unacknowledged frames are sent again with the same numbers and bytes',
  waits,
  async (context) => {
    const { server, device, log, time, down } = await pair(context);
    device.start();
    const first = await server.peer();
    first.welcome(0);
    for (const name of ['a', 'b', 'c']) device.send(json(name));
    const before = [await first.said(), await first.said(), await first.said()];
    const ended = down();
    first.cut();
    await ended;
    device.send(json('d'));
    assert.deepEqual(time.due(), [250]);
    time.advance(250);
    const second = await server.peer();
    second.welcome(1);
    assert.deepEqual([await second.said(), await second.said()], before.slice(1));
    assert.equal((await second.said()).seq, 4);
    second.say({ type: 'ack', seq: 4 });
    await second.settled();
    assert.deepEqual(log, ['acked a@1', 'acked b@2', 'acked c@3', 'acked d@4']);
  },
);

test('a rebooted device loses no frame that it buffered before its first welcome', waits, async (context) => {
  const { server, device, log } = await pair(context);
  for (const name of ['a', 'b', 'c']) device.send(json(name));
  device.start();
  const peer = await server.peer();
  peer.welcome(2);
  assert.deepEqual([(await peer.said()).seq, (await peer.said()).seq, (await peer.said()).seq], [3, 4, 5]);
  assert.deepEqual(log, []);
});

test(
  'a device reconnects at the gateway’s retry time, and slowly after a refusal that a person has to solve',
  waits,
  async (context) => {
    const { server, device, time, down, endings } = await pair(context);
    device.start();
    const first = await server.peer();
    first.welcome(0);
    let ended = down();
    first.close(4000, '{"retryAfterMs":1234}');
    await ended;
    assert.deepEqual(time.due(), [1_234 + 250]);

    server.refuse(503, { 'Retry-After': '7' });
    ended = down();
    time.advance(1_484);
    await ended;
    assert.deepEqual(endings.at(-1), { kind: 'refused', status: 503, retryAfterSeconds: 7 });
    assert.deepEqual(time.due(), [7_000 + 500]);

    server.refuse(401);
    ended = down();
    time.advance(7_500);
    await ended;
    assert.deepEqual(time.due(), [600_000], 'half of 5 minutes, which doubled twice');

    time.advance(600_000);
    const replaced = await server.peer();
    replaced.welcome(0);
    ended = down();
    replaced.close(4100);
    await ended;
    assert.deepEqual(time.due(), [1_200_000]);
  },
);

test('the wait doubles with each link that the gateway closes before an ack', waits, async (context) => {
  const { server, device, time, down } = await pair(context);
  device.start();
  device.send(json('a'));
  const delays: number[] = [];
  for (let attempt = 0; attempt < 4; attempt++) {
    const peer = await server.peer();
    peer.welcome(0);
    assert.equal((await peer.said()).seq, 1);
    if (attempt === 3) peer.say({ type: 'ack', seq: 1 });
    const ended = down();
    peer.close(4001);
    await ended;
    delays.push(time.due()[0]);
    time.advance(delays[attempt]);
  }
  assert.deepEqual(delays, [250, 500, 1_000, 250]);
});

test('an ack that is 30 s overdue ends the link, also if the gateway still pings', waits, async (context) => {
  const { server, device, time, down, endings } = await pair(context);
  device.start();
  const peer = await server.peer();
  peer.welcome(0);
  await peer.settled();
  time.advance(60_000);
  await peer.settled();
  device.send(json('a'));
  await peer.said();
  time.advance(29_999);
  await peer.settled();
  assert.equal(device.state(), 'linked');
  const ended = down();
  time.advance(5_000);
  await ended;
  assert.equal(endings[0].kind, 'closed');
  time.advance(250);
  const next = await server.peer();
  next.welcome(0);
  assert.equal((await next.said()).seq, 1, 'the frame is sent again');
});

test('an attempt without a welcome for 30 s is dropped', waits, async (context) => {
  const { server, device, time, down } = await pair(context);
  device.start();
  const peer = await server.peer();
  await peer.settled();
  time.advance(29_999);
  await peer.settled();
  assert.equal(device.state(), 'connecting');
  const ended = down();
  time.advance(1);
  await ended;
  assert.deepEqual([device.state(), time.due()], ['waiting', [250]]);
});

test('75 s of silence drop the link, and a ping ends the silence', waits, async (context) => {
  const { server, device, time, down } = await pair(context);
  device.start();
  const peer = await server.peer();
  peer.welcome(0);
  await peer.settled();
  time.advance(70_000);
  await peer.settled();
  time.advance(70_000);
  await peer.settled();
  assert.equal(device.state(), 'linked');
  const ended = down();
  time.advance(75_000);
  await ended;
  assert.equal(device.state(), 'waiting');
});

test('a device ignores messages that it does not understand, and keeps its link', waits, async (context) => {
  const { server, device, log } = await pair(context);
  device.start();
  const peer = await server.peer();
  peer.welcome(0);
  device.send(json('a'));
  await peer.said();
  for (const text of [
    '',
    '{',
    'null',
    '[]',
    '"x"',
    '{"type":"later","seq":1}',
    '{"type":"ack","seq":"1"}',
    '{"type":"ack"}',
  ])
    peer.say(text);
  for (const bytes of [[], [1], [2, 0x82, 0, 0, 1, 0, 0, 0], [1, 0x99, 0, 0, 1, 0, 0, 0], [1, 0x82, 0, 0, 1]])
    peer.say(Uint8Array.from(bytes));
  await peer.settled();
  assert.deepEqual([log, device.state()], [[], 'linked']);
  peer.welcome(1);
  await peer.settled();
  assert.deepEqual(log, [], 'a link has one welcome');
  peer.say({ type: 'ack', seq: 1, later: true });
  await peer.settled();
  assert.deepEqual(log, ['acked a@1']);
});

test(
  'a repeated command is answered with its stored outcome after a reconnect, and the listener gets each message',
  waits,
  async (context) => {
    const names: string[] = [];
    let runs = 0;
    const { server, device, time, down } = await pair(context, {
      commands: { count: { run: () => ++runs } },
      commanded: ({ name }) => names.push(name),
    });
    device.start();
    const first = await server.peer();
    first.welcome(0);
    const command = { type: 'command', id: 'c-1', name: 'count', params: {}, expiresAt: 0, ttlMs: 0, known: 0 };
    first.say(command);
    assert.equal((await first.said()).state, 'received');
    assert.equal((await first.said()).state, 'succeeded');
    const ended = down();
    first.cut();
    await ended;
    time.advance(250);
    const second = await server.peer();
    second.welcome(0);
    second.say({ ...command, known: 1 });
    assert.deepEqual(await second.said(), { type: 'command_update', id: 'c-1', state: 'succeeded', result: 1 });
    second.say({ ...command, id: 'c-2', expiresAt: serverTime - 1 });
    assert.deepEqual((await second.said()).error, { code: 'expired' });
    assert.deepEqual([runs, names], [1, ['count', 'count', 'count']]);
  },
);

test('a device stops from any state with one close frame, and does not reconnect', waits, async (context) => {
  const states: string[] = [];
  const { server, device, time } = await pair(context, { stateChanged: (state) => states.push(state) });
  device.start();
  const peer = await server.peer();
  peer.welcome(0);
  await peer.settled();
  const twice = [device.stop('{"backInMs":60000}'), device.stop()];
  assert.deepEqual(await peer.closed, { code: 1000, reason: '{"backInMs":60000}' });
  await Promise.all(twice);
  assert.deepEqual([states, time.due()], [['connecting', 'linked', 'stopped'], []]);

  const waiting = await pair(context);
  waiting.server.refuse(503);
  const ended = waiting.down();
  waiting.device.start();
  await ended;
  await waiting.device.stop();
  assert.deepEqual(waiting.time.due(), []);

  const connecting = await pair(context);
  connecting.device.start();
  await connecting.device.stop();
  assert.deepEqual(connecting.time.due(), []);
});

test('a failed connection is reported with its cause, and retried', waits, async (context) => {
  const { device, time, down, endings } = await pair(context, { url: 'ws://127.0.0.1:1/v1/device' });
  const ended = down();
  device.start();
  await ended;
  assert.deepEqual(endings, [{ kind: 'failed', cause: 'ECONNREFUSED' }]);
  assert.deepEqual(time.due(), [250]);
});

test('a device without a stream name sends none', waits, async (context) => {
  const { server, device } = await pair(context, { stream: undefined });
  device.start();
  assert.equal((await server.peer()).request.url, '/v1/device');
});

test(
  'a new secret is used from the next connection attempt on, and the old one if the new one is refused',
  waits,
  async (context) => {
    const kept: (readonly string[])[] = [];
    const { server, device, time, down } = await pair(context, { secretsChanged: (secrets) => kept.push(secrets) });
    const authorization = (secret: string): string => `Basic ${Buffer.from(`d:${secret}`).toString('base64')}`;
    const fresh = `tgd_${'n'.repeat(43)}`;
    device.start();
    const first = await server.peer();
    first.welcome(0);
    first.say({
      type: 'command',
      id: 'r-1',
      name: 'tidegate.rotate_secret',
      params: { secret: fresh },
      expiresAt: 0,
      ttlMs: 0,
      known: 0,
    });
    assert.deepEqual([(await first.said()).state, (await first.said()).state], ['received', 'succeeded']);
    assert.deepEqual(kept, [[fresh, 's']]);
    server.refuse(401);
    let ended = down();
    first.close(4101);
    await ended;
    assert.deepEqual(time.due(), [250], 'with another secret the wait is short');
    ended = down();
    time.advance(250);
    await ended;
    assert.deepEqual(time.due(), [500]);
    time.advance(500);
    const second = await server.peer();
    assert.equal(second.request.headers.authorization, authorization('s'));
    second.welcome(0);
    await second.settled();
    ended = down();
    second.close(4101);
    await ended;
    time.advance(time.due()[0]);
    const third = await server.peer();
    assert.equal(third.request.headers.authorization, authorization(fresh));
  },
);

test('a new secret ends the wait after a refused secret, and no other wait', waits, async (context) => {
  const { server, device, time, down } = await pair(context);
  server.refuse(401);
  let ended = down();
  device.start();
  await ended;
  assert.ok(time.due()[0] >= 60_000, 'after a wrong secret the wait is long');
  device.rotate(`tgd_${'n'.repeat(43)}`);
  const first = await server.peer();
  const fresh = Buffer.from(`d:tgd_${'n'.repeat(43)}`).toString('base64');
  assert.equal(first.request.headers.authorization, `Basic ${fresh}`);
  ended = down();
  first.close(4000, '{"retryAfterMs":60000}');
  await ended;
  device.rotate(`tgd_${'m'.repeat(43)}`);
  assert.equal(device.state(), 'waiting');
});

test(
  'a device that lost its numbering in a reboot sends its buffered frames under new numbers',
  waits,
  async (context) => {
    const { server, device, log, time, down } = await pair(context);
    device.start();
    const first = await server.peer();
    first.welcome(0);
    for (const name of ['a', 'b', 'c']) device.send(json(name));
    for (let n = 0; n < 3; n++) await first.said();
    first.say({ type: 'ack', seq: 1 });
    await first.settled();
    const ended = down();
    device.reboot();
    await ended;
    time.advance(250);
    const second = await server.peer();
    second.welcome(2);
    const again = [await second.said(), await second.said()];
    assert.deepEqual(
      again.map(({ seq, values }) => [seq, values]),
      [
        [3, { name: 'b' }],
        [4, { name: 'c' }],
      ],
    );
    second.say({ type: 'ack', seq: 4 });
    await second.settled();
    assert.deepEqual(log, ['acked a@1', 'acked b@3', 'acked c@4']);
  },
);

test('a device that sleeps sends the length of its sleep, and reconnects after it', waits, async (context) => {
  const { server, device, time, down } = await pair(context);
  device.sleep(1);
  device.start();
  const peer = await server.peer();
  peer.welcome(0);
  await peer.settled();
  const ended = down();
  device.sleep(7_000);
  assert.deepEqual(await peer.closed, { code: 1000, reason: '{"backInMs":7000}' });
  await ended;
  assert.deepEqual(time.due(), [7_000]);
  device.sleep(9_000);
  assert.deepEqual(time.due(), [9_000]);
  time.advance(9_000);
  (await server.peer()).welcome(0);
});

test("the gateway's time is kept, also if the device's own clock is set", waits, async (context) => {
  const time = createManualTiming();
  let setBackMs = 0;
  const { server, device } = await pair(context, {
    timing: { ...time.timing, now: () => time.timing.now() - setBackMs },
  });
  device.start();
  const peer = await server.peer();
  peer.welcome(0);
  await peer.settled();
  setBackMs = 86_400_000;
  time.advance(1_000);
  assert.equal(device.serverNow(), serverTime + 1_000);
});
