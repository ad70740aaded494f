import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect } from 'mqtt';
import { checkFleet } from '../../device-sim/fleet/loadFleet.js';
import { uniform } from '../../device-sim/fleet/signals.js';
import { runFleet } from '../../device-sim/run/runFleet.js';
import type { BridgeTelemetry } from '../../schemas/generated/bridge.js';
import { type GatewayProcess, startGatewayProcess } from '../rig/gatewayProcess.js';
import { roundsOr } from '../rig/killPoints.js';
import { type Mosquitto, startMosquitto } from '../rig/mosquitto.js';
import { startTcpProxy, type TcpProxy } from '../rig/tcpProxy.js';
import { tempFolder } from '../rig/tempFolder.js';

const fleet = {
  seed: 12,
  rampSeconds: 0.5,
  groups: [
    {
      prefix: 'b',
      count: 12,
      encoding: 'binary',
      frameIntervalMs: 50,
      samplesPerFrame: 5,
      signals: { temperature: { type: 'temperature' } },
    },
    { prefix: 'j', count: 8, frameIntervalMs: 50, signals: { lat: { type: 'lat' }, door: { type: 'door' } } },
  ],
};
const roundsInCi = 4;
/** How long the broker is frozen at the end. */
const stoppedMs = process.env.TIDEGATE_ROUNDS === undefined ? 3_000 : 30_000;

/** A subscriber to all telemetry, in a session that the broker keeps while it is away. */
interface Witness {
  /** Resolves when the broker has accepted the subscription. */
  subscribed: Promise<void>;
  /** The ids of all messages that arrived. */
  ids: ReadonlySet<string>;
  /** Device, metric and time of all readings that arrived. */
  readings: ReadonlySet<string>;
  /** One line per message whose seq was not above the one before. */
  disorder: readonly string[];
  /** How many messages arrived, with those that arrived twice. */
  messages(): number;
}

function startWitness(context: TestContext, url: string): Witness {
  const ids = new Set<string>();
  const readings = new Set<string>();
  const lastSeq = new Map<string, number>();
  const disorder: string[] = [];
  let messages = 0;
  const client = connect(url, { clientId: 'witness', clean: false, reconnectPeriod: 100 });
  client.on('error', () => {});
  client.on('message', (_topic, payload) => {
    const { id, device, seq, samples } = JSON.parse(payload.toString()) as BridgeTelemetry;
    messages++;
    if (ids.has(id)) return;
    ids.add(id);
    const before = lastSeq.get(device) ?? 0;
    if (seq <= before) disorder.push(`${device}: ${seq} after ${before}`);
    lastSeq.set(device, seq);
    for (const { ts, values } of samples)
      for (const metric of Object.keys(values)) readings.add(`${device} ${metric} ${ts}`);
  });
  context.after(() => client.endAsync(true));
  return {
    subscribed: new Promise<void>((resolve, reject) => {
      client.once('connect', () =>
        client.subscribe('tidegate/+/+/telemetry', { qos: 1 }, (error) => (error == null ? resolve() : reject(error))),
      );
    }),
    ids,
    readings,
    disorder,
    messages: (): number => messages,
  };
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The faults that are injected in turn. */
function createTroubles(
  broker: Mosquitto,
  proxy: TcpProxy,
  restart: () => Promise<void>,
  round: (salt: number) => number,
): (() => Promise<void>)[] {
  const short = (salt: number): number => 100 + Math.floor(round(salt) * 1_400);
  return [
    async function stopBroker() {
      await broker.stop();
      await wait(short(1));
      await broker.start();
    },
    async function cutEveryTenth() {
      for (let i = 0; i < 15; i++) {
        proxy.cut(i % 2 === 0 ? 'reset' : 'close');
        await wait(100);
      }
    },
    async function killGateway() {
      await restart();
    },
    async function stopBrokerAndKillGateway() {
      await broker.stop();
      await restart();
      await wait(short(2));
      await broker.start();
    },
  ];
}

test('every frame arrives in order, although the broker is stopped, frozen and cut off and the gateway is killed', async (context) => {
  const rounds = roundsOr(roundsInCi);
  const folder = tempFolder(context);
  const [data, brokerFolder] = [join(folder, 'data'), join(folder, 'broker')];
  mkdirSync(brokerFolder);
  const broker = await startMosquitto(brokerFolder);
  const toBroker = await startTcpProxy(broker.port);
  const set = [`mqtt.url=mqtt://127.0.0.1:${toBroker.port}`, 'gatewayId=gw', 'store.sealIntervalSeconds=2'];
  let gateway: GatewayProcess = await startGatewayProcess({ data, set });
  const devices = await startTcpProxy(gateway.devicePort);
  const operator = await startTcpProxy(gateway.operatorPort);
  /** Exits of the gateway that the test did not cause, with its last log lines. */
  const ends: string[] = [];
  let killing = false;
  context.after(async () => {
    killing = true;
    await gateway.kill('SIGKILL');
    for (const proxy of [devices, operator, toBroker]) await proxy.close();
    await broker.stop();
  });
  const witness = startWitness(context, broker.url);
  await witness.subscribed;
  function watch(watched: GatewayProcess): void {
    void watched.exited.then((code) => {
      if (!killing) ends.push(`${code} ${watched.errors()} ${JSON.stringify(watched.log.slice(-5))}`);
    });
  }
  watch(gateway);
  async function restart(): Promise<void> {
    killing = true;
    await gateway.kill('SIGKILL');
    killing = false;
    gateway = await gateway.again();
    watch(gateway);
    devices.retarget(gateway.devicePort);
    operator.retarget(gateway.operatorPort);
  }
  async function injectFaults(): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      const troubles = createTroubles(broker, toBroker, restart, (salt) => uniform(7, round, salt));
      await wait(200 + uniform(7, round, 0) * 800);
      await troubles[round % troubles.length]();
    }
    broker.signal('SIGSTOP');
    await wait(stoppedMs);
    broker.signal('SIGCONT');
    await wait(500);
  }
  const result = await runFleet({
    fleet: checkFleet(fleet, 'bridge'),
    url: `http://127.0.0.1:${operator.port}`,
    key: gateway.key,
    deviceUrl: `ws://127.0.0.1:${devices.port}/v1/device`,
    stop: injectFaults(),
    verify: true,
  }).catch((error: Error) => assert.fail(`${error.stack}\n${ends.join('\n')}`));
  assert.deepEqual(ends, []);
  const verdict = result.verdict ?? assert.fail('the simulator has not verified the readings');
  const { lost, duplicated, altered, invented, found } = verdict;
  assert.deepEqual({ lost, duplicated, altered, invented }, { lost: 0, duplicated: 0, altered: 0, invented: 0 });
  const until = Date.now() + 60_000;
  while (witness.readings.size < found && Date.now() < until) await wait(50);
  context.diagnostic(
    `${rounds} rounds, ${result.framesAcked} frames acked, ${witness.ids.size} arrived in ${witness.messages()} messages, ${found} readings stored, ${witness.readings.size} arrived`,
  );
  assert.equal(witness.readings.size, found, 'every reading that the gateway stored has arrived, and no other');
  assert.ok(witness.ids.size >= result.framesAcked);
  assert.deepEqual(witness.disorder, []);
});
