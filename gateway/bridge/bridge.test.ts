import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import Database from 'better-sqlite3';
import { pino } from 'pino';
import type { BridgeCommandError, BridgePresence, BridgeTelemetry } from '../../schemas/generated/bridge.js';
import { loadSchema } from '../../schemas/load.js';
import { loadConfig } from '../config/config.js';
import { gatewayTools, startOn, type TestGateway, type TestLink, takenPort } from '../gateway.fixture.js';
import type { Gateway } from '../gateway.js';
import { type Heard, startBroker, subscribe } from './bridge.fixture.js';
import { startBridgeThread } from './bridgeThread.js';
import { bridgeSettings } from './settings.js';

const ajv = new Ajv2020({ allErrors: true, strict: false });

function checked<Body>(schema: string, payload: string): Body {
  const validate =
    ajv.getSchema(`https://tidegate.dev/schemas/bridge/${schema}`) ?? ajv.compile(loadSchema(`bridge/${schema}`));
  const body = JSON.parse(payload) as Body;
  assert.ok(validate(body), `${payload}\n${JSON.stringify(validate.errors)}`);
  return body;
}

/**
 * Starts gateways one after the other on one data folder. A test calls it before it starts its broker: hooks run in the order in
 * which they were added, and gateways must stop before their broker does.
 */
function restartable(context: TestContext) {
  const data = mkdtempSync(join(tmpdir(), 'tidegate-bridge-'));
  const started: Gateway[] = [];
  context.after(async () => {
    for (const gateway of started) await gateway.stop();
    rmSync(data, { recursive: true, force: true });
  });
  return async (set: string[]): Promise<TestGateway> => {
    const gateway = await startOn(data, ['gatewayId=gw', ...set]);
    started.push(gateway);
    return gatewayTools(gateway, data);
  };
}

async function sendFrames(link: TestLink, from: number, to: number, values = (seq: number): object => ({ n: seq })) {
  for (let seq = from; seq <= to; seq++) link.send({ seq, ts: Date.now() - 1_000 + seq, values: values(seq) });
  await link.untilAck(to);
}

const telemetryOf = (heard: Heard[]): BridgeTelemetry[] =>
  heard.filter(({ topic }) => topic.endsWith('/telemetry')).map(({ payload }) => checked('telemetry', payload));

/** The seqs that arrived, each once, in the order of their first arrival. */
function seqsOf(heard: Heard[], device: string): number[] {
  const seen = new Set<string>();
  return telemetryOf(heard)
    .filter(({ id, device: of }) => of === device && !seen.has(id) && seen.add(id))
    .map(({ seq }) => seq);
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

test('frames, presence and status reach the broker as their schemas say, and a clean stop publishes offline', async (context) => {
  const start = restartable(context);
  const broker = await startBroker(context);
  const listener = await subscribe(context, broker.url, 'tidegate/gw/#');
  const gateway = await start([`mqtt.url=${broker.url}`]);
  await listener.until((heard) =>
    heard.find(({ topic, payload }) => topic === 'tidegate/gw/status' && payload === 'online'),
  );
  const device = await gateway.addDevice('boiler-7');
  const link = await gateway.connect(device, '?stream=main');
  const at = Date.now();
  link.send({
    type: 'telemetry',
    seq: 1,
    samples: [
      { ts: at - 5, values: { t: 21.5, door: 'o"p', ok: true } },
      { ts: at, values: { t: 22 } },
    ],
  });
  link.send({ seq: 2, values: { t: 'no number' } });
  link.send({ seq: 3, ts: at - 3_600_000, values: { t: 1 } });
  await link.untilAck(3);
  const [first, second] = await listener.until((heard) => {
    const messages = telemetryOf(heard);
    return messages.length >= 2 ? messages : undefined;
  });
  assert.deepEqual(
    { ...first, id: '', receivedAt: 0 },
    {
      id: '',
      device: 'boiler-7',
      stream: 'main',
      seq: 1,
      receivedAt: 0,
      samples: [
        { ts: at - 5, values: { t: 21.5, door: 'o"p', ok: true } },
        { ts: at, values: { t: 22 } },
      ],
    },
  );
  assert.ok(first.receivedAt >= at);
  assert.equal(second.historical, true);
  const presence = await listener.until((heard) =>
    heard.findLast(
      ({ topic, payload }) => topic === 'tidegate/gw/boiler-7/presence' && payload.includes('"online":true'),
    ),
  );
  assert.equal(checked<BridgePresence>('presence', presence.payload).device, 'boiler-7');
  await link.close();
  const gone = await listener.until((heard) =>
    heard.findLast(
      ({ topic, payload }) => topic === 'tidegate/gw/boiler-7/presence' && payload.includes('"online":false,"since":1'),
    ),
  );
  assert.equal(checked<BridgePresence>('presence', gone.payload).lastClose?.code, 1000);
  await gateway.api('DELETE', '/v1/devices/boiler-7');
  await listener.until((heard) =>
    heard.find(({ topic, payload }) => topic === 'tidegate/gw/boiler-7/presence' && payload === ''),
  );
  await gateway.gateway.stop();
  await listener.until((heard) =>
    heard.find(({ topic, payload }) => topic === 'tidegate/gw/status' && payload === 'offline'),
  );
  assert.equal(telemetryOf(listener.heard).length, 2, 'the refused frame made no message');
});

test('frames sent while the broker is stopped, cut off or restarted all arrive in order when it is back', async (context) => {
  const start = restartable(context);
  const broker = await startBroker(context);
  const listener = await subscribe(context, broker.url, 'tidegate/gw/+/telemetry');
  const gateway = await start([`mqtt.url=${broker.url}`, 'mqtt.window=20']);
  const link = await gateway.connect(await gateway.addDevice('a'), '?stream=main');
  for (let round = 0; round < 4; round++) {
    await sendFrames(link, round * 100 + 1, round * 100 + 50);
    if (round % 2 === 0) broker.cut();
    else broker.stop();
    await sendFrames(link, round * 100 + 51, round * 100 + 100);
    if (round % 2 === 1) broker.start();
  }
  await listener.until((heard) => (seqsOf(heard, 'a').length >= 400 ? true : undefined));
  assert.deepEqual(seqsOf(listener.heard, 'a'), range(1, 400));
});

test('frames that were not bridged when the gateway stopped are bridged after the next start, also those of removed devices', async (context) => {
  const start = restartable(context);
  const broker = await startBroker(context);
  const listener = await subscribe(context, broker.url, 'tidegate/gw/+/telemetry');
  broker.stop();
  const first = await start([`mqtt.url=${broker.url}`]);
  const [a, b] = [await first.addDevice('a'), await first.addDevice('b')];
  const [named, unnamed] = [await first.connect(a, '?stream=main'), await first.connect(b)];
  await sendFrames(named, 1, 50);
  await sendFrames(unnamed, 1, 30);
  await first.api('POST', '/v1/gateway/seal');
  await sendFrames(named, 51, 80);
  await first.api('DELETE', '/v1/devices/b');
  await first.gateway.stop();
  broker.start();
  await start([`mqtt.url=${broker.url}`]);
  await listener.until((heard) => (telemetryOf(heard).length >= 110 ? true : undefined));
  assert.deepEqual(seqsOf(listener.heard, 'a'), range(1, 80));
  assert.deepEqual(seqsOf(listener.heard, 'b'), range(1, 30));
  const streams = new Set(telemetryOf(listener.heard).map(({ device, stream }) => `${device} ${stream?.slice(0, 5)}`));
  assert.deepEqual([...streams].sort(), ['a main', 'b link-']);
});

test('a bridge thread that ended by itself is reported, started again, and resumes at its position', async (context) => {
  const start = restartable(context);
  const broker = await startBroker(context);
  const listener = await subscribe(context, broker.url, 'tidegate/gw/+/telemetry');
  const gateway = await start([]);
  const link = await gateway.connect(await gateway.addDevice('a'), '?stream=main');
  await sendFrames(link, 1, 10);
  // The folder does not exist yet, so the thread cannot start.
  const folder = join(gateway.data, 'later');
  const set = [`mqtt.url=${broker.url}`];
  const settings = bridgeSettings('gw', loadConfig({ environment: {}, set }), new Map(), 'test');
  assert.ok(settings !== null);
  const errors: string[] = [];
  let tellOfError = (): void => {};
  const failed = new Promise<void>((resolve) => {
    tellOfError = resolve;
  });
  const log = pino(
    { level: 'error' },
    {
      write(line) {
        errors.push((JSON.parse(line) as { msg: string }).msg);
        tellOfError();
      },
    },
  );
  const bridge = startBridgeThread({
    settings,
    folder,
    position: 0,
    log,
    devices: () => [],
    moveCursor: async () => {},
    receive: async () => {},
  });
  context.after(() => bridge.stop());
  await failed;
  symlinkSync(gateway.data, folder);
  await listener.until((heard) => (seqsOf(heard, 'a').length >= 10 ? true : undefined));
  assert.deepEqual(seqsOf(listener.heard, 'a'), range(1, 10));
  assert.deepEqual(errors, ['the bridge failed; it starts again in a while']);
});

test('a frame that is too large for one message becomes several messages with different ids', async (context) => {
  const start = restartable(context);
  const broker = await startBroker(context);
  const listener = await subscribe(context, broker.url, 'tidegate/gw/+/telemetry');
  const gateway = await start([`mqtt.url=${broker.url}`, 'mqtt.messageBytes=1024']);
  const link = await gateway.connect(await gateway.addDevice('a'), '?stream=main');
  const at = Date.now() - 1_000;
  const samples = range(0, 99).map((i) => ({ ts: at + i, values: { note: 'x'.repeat(20), n: i } }));
  link.send({ type: 'telemetry', seq: 1, samples });
  await link.untilAck(1);
  const parts = await listener.until((heard) => {
    const messages = telemetryOf(heard);
    return messages.reduce((sum, message) => sum + message.samples.length, 0) >= 100 ? messages : undefined;
  });
  assert.deepEqual(
    parts.flatMap((part) => part.samples),
    samples,
  );
  let first = 0;
  for (const { id, samples: some } of parts) {
    assert.ok(id.endsWith(`-${first}+${some.length}`), id);
    first += some.length;
  }
  assert.ok(listener.heard.every(({ payload }) => Buffer.byteLength(payload) <= 1024));
  assert.ok(parts.length > 3);
});

test('a cursor of a bridge that is now off is removed, so that the log can be cut', async (context) => {
  const start = restartable(context);
  const broker = await startBroker(context);
  broker.stop();
  const first = await start([`mqtt.url=${broker.url}`]);
  const link = await first.connect(await first.addDevice('a'), '?stream=main');
  await sendFrames(link, 1, 10);
  await first.api('POST', '/v1/gateway/seal');
  await first.gateway.stop();
  const count = (sql: string): number => {
    const db = new Database(join(first.data, 'log.db'), { readonly: true });
    try {
      return db.prepare(sql).pluck().get() as number;
    } finally {
      db.close();
    }
  };
  assert.ok(count('SELECT count(*) FROM log') > 0);
  const second = await start([]);
  assert.equal(count('SELECT count(*) FROM cursors'), 0);
  assert.equal(count('SELECT count(*) FROM log'), 0);
  assert.equal(((await second.api('GET', '/v1/gateway')).body as { mqtt: string }).mqtt, 'off');
});

test('a start that fails leaves the cursor of an earlier bridge in place, although the bridge is off', async (context) => {
  const start = restartable(context);
  const broker = await startBroker(context);
  const first = await start([`mqtt.url=${broker.url}`]);
  await first.gateway.stop();
  const port = await takenPort(context);
  await assert.rejects(start([`operator.port=${port}`]), { exitCode: 69 });
  const db = new Database(join(first.data, 'log.db'), { readonly: true });
  context.after(() => db.close());
  assert.equal(db.prepare('SELECT count(*) FROM cursors').pluck().get(), 1);
});

async function metricsOf(gateway: TestGateway): Promise<Map<string, number>> {
  const { body } = await gateway.api('GET', '/metrics');
  return new Map(
    (body as string).split('\n').map((line): [string, number] => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

/** Reads the metric until it holds. The bridge reports its state once per second. */
async function untilMetric(gateway: TestGateway, name: string, holds: (value: number) => boolean): Promise<number> {
  for (;;) {
    const value = (await metricsOf(gateway)).get(name);
    if (value !== undefined && holds(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test('a full backlog drops its oldest frames, counts them, and bridges the rest', async (context) => {
  const start = restartable(context);
  const broker = await startBroker(context);
  const listener = await subscribe(context, broker.url, 'tidegate/gw/+/telemetry');
  broker.stop();
  const gateway = await start([`mqtt.url=${broker.url}`, 'mqtt.backlogSeconds=1']);
  const link = await gateway.connect(await gateway.addDevice('a'), '?stream=main');
  await sendFrames(link, 1, 50);
  await untilMetric(gateway, 'tidegate_bridge_frames_dropped_total{why="age"}', (value) => value === 50);
  await untilMetric(gateway, 'tidegate_bridge_backlog_bytes', (value) => value === 0);
  broker.start();
  // The backlog holds one second. Frames sent more than a second before the bridge has reconnected are dropped as well.
  let seq = 50;
  while (seqsOf(listener.heard, 'a').length === 0) {
    seq += 1;
    await sendFrames(link, seq, seq);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const bridged = seqsOf(listener.heard, 'a');
  assert.ok((bridged[0] as number) > 50, `${bridged}`);
  assert.deepEqual(
    bridged,
    bridged.toSorted((a, b) => a - b),
  );
});

test('if a full backlog refuses devices, links are closed with 4001, and accepted again once the broker has the backlog', async (context) => {
  const start = restartable(context);
  const broker = await startBroker(context);
  const listener = await subscribe(context, broker.url, 'tidegate/gw/+/telemetry');
  broker.stop();
  const set = [`mqtt.url=${broker.url}`, 'mqtt.backlogSeconds=1', 'mqtt.whenFull=refuse'];
  const gateway = await start(set);
  const device = await gateway.addDevice('a');
  const link = await gateway.connect(device, '?stream=main');
  await sendFrames(link, 1, 10);
  await untilMetric(gateway, 'tidegate_bridge_backlog_full', (value) => value === 1);
  link.send({ seq: 11, values: { n: 11 } });
  assert.equal((await link.untilClosed()).code, 4001);
  await assert.rejects(gateway.connect(device, '?stream=main'));
  broker.start();
  await listener.until((heard) => (seqsOf(heard, 'a').length >= 10 ? true : undefined));
  await untilMetric(gateway, 'tidegate_bridge_backlog_full', (value) => value === 0);
  const again = await gateway.connect(device, '?stream=main');
  assert.equal(again.welcome.lastSeq, 10);
  await sendFrames(again, 11, 11);
  await listener.until((heard) => (seqsOf(heard, 'a').length >= 11 ? true : undefined));
  assert.deepEqual(seqsOf(listener.heard, 'a'), range(1, 11));
});

test('a command from MQTT is checked, stored and sent like one from HTTP, and its states are published', async (context) => {
  const start = restartable(context);
  const broker = await startBroker(context);
  const listener = await subscribe(context, broker.url, 'tidegate/gw/+/command/+');
  const gateway = await start([`mqtt.url=${broker.url}`]);
  const link = await gateway.connect(await gateway.addDevice('a', { model: 'boiler' }));
  await untilMetric(gateway, 'tidegate_bridge_connected', (value) => value === 1);
  const wanted = { name: 'set_interval', params: { seconds: 5 }, idempotencyKey: 'k1' };
  await listener.publish('tidegate/gw/a/command', wanted);
  const command = (await link.next()) as { id: string; name: string; params: object };
  assert.deepEqual([command.name, command.params], ['set_interval', { seconds: 5 }]);
  link.send({ type: 'command_update', id: command.id, state: 'succeeded', result: { interval: 5 } });
  const states = await listener.until((heard) => {
    const answers = heard.filter(({ topic }) => topic === `tidegate/gw/a/command/${command.id}`);
    const bodies = answers.map(({ payload }) =>
      checked<{ state: string; result: unknown; idempotencyKey: string }>('command_answer', payload),
    );
    return bodies.some(({ state }) => state === 'succeeded') ? bodies : undefined;
  });
  assert.deepEqual(
    states.map(({ state }) => state),
    ['queued', 'sent', 'succeeded'],
  );
  assert.deepEqual(states.at(-1)?.result, { interval: 5 });
  assert.equal(states[0].idempotencyKey, 'k1');
  await listener.publish('tidegate/gw/a/command', wanted);
  await listener.until((heard) =>
    heard.filter(({ payload }) => payload.includes('"succeeded"')).length === 2 ? true : undefined,
  );
  const { items } = (await gateway.api('GET', '/v1/devices/a/commands')).body as { items: { by: string }[] };
  assert.deepEqual(
    items.map(({ by }) => by),
    ['mqtt'],
    'the same key creates no second command',
  );
  const audit = (await gateway.api('GET', '/v1/audit')).body as { items: { by: string; action: string }[] };
  assert.ok(audit.items.some(({ by, action }) => by === 'mqtt' && action === 'command_created'));
});

test('a message that creates no command is answered with the reason', async (context) => {
  const start = restartable(context);
  const broker = await startBroker(context);
  const listener = await subscribe(context, broker.url, 'tidegate/gw/#');
  const gateway = await start([`mqtt.url=${broker.url}`]);
  await gateway.addDevice('a', { model: 'boiler' });
  await untilMetric(gateway, 'tidegate_bridge_connected', (value) => value === 1);
  const errors = (): BridgeCommandError[] =>
    listener.heard
      .filter(({ topic }) => topic.endsWith('/command/error'))
      .map(({ payload }) => checked('command_error', payload));
  const cases: [topic: string, payload: string | object, code: string][] = [
    ['a', '{', 'json_invalid'],
    ['a', 'x'.repeat(70_000), 'body_too_large'],
    ['a', { name: 'set_interval', seconds: 5 }, 'body_invalid'],
    ['a', [], 'body_invalid'],
    ['a', { name: 'fly' }, 'command_undeclared'],
    ['a', { name: 'tidegate.rotate_secret' }, 'command_reserved'],
    ['a', { name: 'set_interval', params: { seconds: 'x' }, idempotencyKey: 'k' }, 'params_invalid'],
    ['nobody', { name: 'reboot' }, 'device_unknown'],
    ['$bad id', { name: 'reboot' }, 'device_unknown'],
    ['x'.repeat(65), { name: 'reboot' }, 'device_unknown'],
  ];
  for (const [index, [device, payload, code]] of cases.entries()) {
    await listener.publish(`tidegate/gw/${device}/command`, payload);
    await listener.until(() => (errors().length > index ? true : undefined));
    assert.equal(errors()[index].error.code, code);
  }
  assert.equal(errors()[6].idempotencyKey, 'k');
  assert.deepEqual(errors()[2].error.errors, [{ path: '', message: 'there is no seconds' }]);
  assert.deepEqual(
    listener.heard.filter(({ topic }) => topic === 'tidegate/gw/command/error').length,
    2,
    'no device can have these ids, so no topic contains them',
  );
  assert.equal(((await gateway.api('GET', '/v1/devices/a/commands')).body as { items: object[] }).items.length, 0);
});

test('a retained command is refused, and an echo of our own topics creates no command', async (context) => {
  const start = restartable(context);
  const broker = await startBroker(context);
  const listener = await subscribe(context, broker.url, 'tidegate/gw/+/command/+');
  await listener.publish('tidegate/gw/a/command', { name: 'reboot' }, { retain: true });
  const gateway = await start([`mqtt.url=${broker.url}`]);
  const link = await gateway.connect(await gateway.addDevice('a', { model: 'boiler' }));
  const refused = await listener.until((heard) => heard[0]);
  assert.equal(checked<BridgeCommandError>('command_error', refused.payload).error.code, 'retained');
  // This broker sends back what it gets: it echoes each of our topics once.
  const echo = await subscribe(context, broker.url, 'tidegate/#', { clientId: 'echo' });
  const echoed = new Set<string>();
  echo.client.on('message', (topic, payload) => {
    const key = `${topic} ${payload}`;
    if (echoed.has(key) || topic.endsWith('/command')) return;
    echoed.add(key);
    echo.client.publish(topic, payload, { qos: 1 });
  });
  await sendFrames(link, 1, 5);
  await listener.publish('tidegate/gw/a/command', { name: 'fly' });
  await echo.until((heard) =>
    heard.filter(({ payload }) => payload.includes('command_undeclared')).length >= 2 ? true : undefined,
  );
  await echo.until((heard) =>
    heard.filter(({ topic }) => topic.endsWith('/telemetry')).length >= 10 ? true : undefined,
  );
  assert.deepEqual(
    await metricsOf(gateway).then((metrics) =>
      metrics.get('tidegate_bridge_commands_total{outcome="command_undeclared"}'),
    ),
    1,
  );
  assert.equal(((await gateway.api('GET', '/v1/devices/a/commands')).body as { items: object[] }).items.length, 0);
});

test('Home Assistant finds the device, gets its values, presses its button, and gets its config again at the birth message', async (context) => {
  const start = restartable(context);
  const broker = await startBroker(context);
  const listener = await subscribe(context, broker.url, '#');
  const gateway = await start([`mqtt.url=${broker.url}`, 'mqtt.profile=homeassistant']);
  const link = await gateway.connect(await gateway.addDevice('a', { model: 'boiler' }), '?stream=main');
  const configs = (): string[] =>
    listener.heard
      .filter(({ topic }) => topic === 'homeassistant/device/tidegate_gw_a/config')
      .map(({ payload }) => payload);
  const config = JSON.parse(await listener.until(() => configs().at(-1))) as {
    cmps: Record<string, Record<string, string>>;
  };
  link.send({ seq: 1, values: { temperature: 21.5 } });
  await listener.until((heard) =>
    heard.find(({ topic, payload }) => topic === config.cmps.temperature.state_topic && payload === '21.5'),
  );
  await link.untilAck(1);
  const { command_topic, payload_press } = config.cmps.command_reboot;
  await listener.publish(command_topic, payload_press);
  assert.equal(((await link.next()) as { name: string }).name, 'reboot');
  await gateway.api('PATCH', '/v1/devices/a', { name: 'North hall' });
  const named = await listener.until(() => configs().find((text) => text.includes('North hall')));
  assert.equal((JSON.parse(named) as { dev: { name: string } }).dev.name, 'North hall');
  const before = configs().length;
  await listener.publish('homeassistant/status', 'online');
  await listener.until(() => (configs().length > before ? true : undefined));
  await gateway.api('DELETE', '/v1/devices/a');
  await listener.until(() => (configs().at(-1) === '' ? true : undefined));
});
