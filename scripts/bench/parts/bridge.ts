import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connect, type MqttClient } from 'mqtt';
import { tableOf } from '../../../cli/terminal/output.js';
import { addFrame, createBatch, emptyBatch } from '../../../gateway/columns/batch.js';
import { reserveReadings } from '../../../gateway/columns/readingColumns.js';
import type { StreamRecord } from '../../../gateway/domain/declared.js';
import { type SeriesRecord, seriesKinds } from '../../../gateway/domain/series.js';
import { openStore } from '../../../gateway/store/store.js';
import { type GatewayProcess, startGatewayProcess } from '../../../tests/rig/gatewayProcess.js';
import { startMosquitto } from '../../../tests/rig/mosquitto.js';
import { startGatewayOn, unsealed } from '../servers/servers.js';
import { fsyncP50Ms } from '../table/fsync.js';
import { machineOf } from '../table/machine.js';
import type { Row } from '../table/measure.js';
import { against, sealing } from '../table/rows.js';

/** The devices of the outage. */
const devices = 10_000;

/** An hour of frames. */
const framesPerDevice = 60;

/** 10,000 devices with one frame per minute send 167 frames per second. At ten commits per second that is 17 frames per commit. */
const framesPerCommit = 17;

/** How many messages the single MQTT.js connection has in flight; the bridge has as many. */
const window = 500;

/** What ingest is measured with: how many devices are connected, and for how long. */
export interface BridgeBenchOptions {
  links: number;
  seconds: number;
}

/**
 * Measures the bridge against Debian's mosquitto: how fast it drains an outage of one hour, beside the rate that one MQTT.js connection
 * reaches alone; the ack latency with the broker up; and ingest with the broker down.
 */
export async function benchBridge({ links, seconds }: BridgeBenchOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-bench-'));
  const brokerFolder = join(folder, 'broker');
  mkdirSync(brokerFolder);
  // The broker has no subscriber, because only the bridge's side is measured.
  const broker = await startMosquitto(brokerFolder);
  try {
    const alone = await rateAlone(broker.url, seconds);
    console.error(`one MQTT.js connection alone: ${whole(alone)} messages/s; filling the outage …`);
    const drained = await drainOutage(join(folder, 'outage'), broker.url);
    console.error(`drained at ${whole(drained.rate)} messages/s; measuring latency …`);
    const bridged = ['gatewayId=gw', `mqtt.url=${broker.url}`];
    const ack = {
      off: await ingest(join(folder, 'latency-off'), [...sealing], 'bridge off', 10_000, { links, seconds }),
      on: await ingest(join(folder, 'latency-on'), [...sealing, ...bridged], 'broker up', 10_000, { links, seconds }),
    };
    console.error('measuring ingest with the broker down …');
    await broker.stop();
    const full = {
      off: await ingest(join(folder, 'full-off'), [...unsealed], 'bridge off', 0, { links, seconds }),
      on: await ingest(join(folder, 'full-on'), [...unsealed, ...bridged], 'broker down', 0, { links, seconds }),
    };
    report({ alone, drained, ack, full });
  } finally {
    await broker.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Acknowledged messages per second of one MQTT.js connection that has the bridge's window and payload and does nothing else. */
async function rateAlone(url: string, seconds: number): Promise<number> {
  const client = connect(url, { clientId: 'alone', queueQoSZero: false });
  await new Promise((resolve) => client.once('connect', resolve));
  let acked = 0;
  let stopped = false;
  const publish = (n: number): void => {
    if (stopped) return;
    client.publish(`tidegate/gw/device-${n % devices}/telemetry`, payloadLike(n), { qos: 1 }, () => {
      acked++;
      publish(n + window);
    });
  };
  for (let n = 0; n < window; n++) publish(n);
  await wait(1_000);
  const [before, started] = [acked, performance.now()];
  await wait(seconds * 1_000);
  const rate = ((acked - before) / (performance.now() - started)) * 1_000;
  stopped = true;
  await end(client);
  return rate;
}

const end = (client: MqttClient): Promise<void> => client.endAsync(true);

const payloadLike = (n: number): string =>
  `{"id":"0123456789abcdef0123456789abcdef-${n}-0","device":"device-${n % devices}","stream":"main","seq":${n},"receivedAt":1795305600000,"samples":[{"ts":1795305600000,"values":{"temperature":21.5}}],"historical":true}`;

interface Drained {
  /** Acknowledged messages per second. */
  rate: number;
  /** How many messages were acknowledged. */
  messages: number;
  /** Samples of the gateway's resident memory while it drained. */
  rssMiB: number[];
  /** Times of a query for 100 readings while it drained. */
  queryMs: number[];
}

async function drainOutage(folder: string, url: string): Promise<Drained> {
  await fillOutage(folder);
  const set = ['gatewayId=gw', `mqtt.url=${url}`];
  const gateway = await startGatewayProcess({ data: folder, set });
  const rssMiB: number[] = [];
  const queryMs: number[] = [];
  const total = devices * framesPerDevice;
  try {
    let first: { acked: number; at: number } | null = null;
    for (;;) {
      const acked = await metric(gateway, 'tidegate_bridge_acked_total{kind="telemetry"}');
      const at = performance.now();
      if (acked > 0) {
        first ??= { acked, at };
        rssMiB.push(rssOf(gateway.pid));
        const asked = performance.now();
        await gateway.api('GET', '/v1/devices/outage-7/readings?limit=100');
        queryMs.push(performance.now() - asked);
      }
      if (acked >= total && first !== null)
        return { rate: ((acked - first.acked) / (at - first.at)) * 1_000, messages: acked, rssMiB, queryMs };
      await wait(250);
    }
  } finally {
    await gateway.kill('SIGKILL');
  }
}

/** Stores an hour of frames as though the broker had been down: they are sealed, and the bridge's cursor has not passed them. */
async function fillOutage(folder: string): Promise<void> {
  const startAt = Date.now() - 3_700_000;
  const { store } = await openStore({
    folder,
    ballastBytes: 0,
    sealReadings: 1_000_000,
    sealIntervalMs: 1e12,
    finishAfterMs: 3_600_000,
    retentionDays: 40,
    rollupRetentionDays: 730,
    now: Date.now,
    retentionAllowed: () => false,
    archiveFailed(error) {
      throw error;
    },
    died(error) {
      throw error;
    },
  });
  await store.change(
    Array.from({ length: devices }, (_, i) => ({
      type: 'put_device' as const,
      device: {
        key: i + 1,
        id: `outage-${i + 1}`,
        name: null,
        notes: null,
        model: null,
        tags: {},
        state: 'active' as const,
        createdAt: 1,
        attributes: {},
        credentials: [],
      },
    })),
  );
  await store.cursors.open('mqtt', startAt);
  let batch = createBatch();
  batch.declared.series.push(...Array.from({ length: devices }, (_, i) => seriesOf(i + 1)));
  batch.declared.streams.push(...Array.from({ length: devices }, (_, i) => streamOf(i + 1)));
  for (let n = 0; n < devices * framesPerDevice; n++) {
    const device = 1 + (n % devices);
    const at = startAt + n * 6;
    reserveReadings(batch, 1);
    batch.series[batch.readings] = device;
    batch.ts[batch.readings] = at;
    batch.value[batch.readings++] = 20 + (n % 64) / 8;
    addFrame(batch, device, device, 1 + Math.floor(n / devices), 1, at);
    if (batch.frames >= framesPerCommit) batch = emptyBatch((await store.commit(batch, at)).batch);
  }
  if (batch.frames > 0) await store.commit(batch, startAt + devices * framesPerDevice * 6);
  await store.seal();
  await store.close();
}

const seriesOf = (n: number): SeriesRecord => ({
  id: n,
  deviceKey: n,
  device: `outage-${n}`,
  deviceCreatedAt: 1,
  metric: 'temperature',
  unit: 'Cel',
  kind: seriesKinds.number,
});

const streamOf = (n: number): StreamRecord => ({ id: n, deviceKey: n, name: 'main', kept: true });

interface Measured extends Row {
  /** Bytes of the commit log that the bridge had not published at the end. */
  backlogBytes: number;
  /** Telemetry messages that the broker acknowledged. */
  bridged: number;
}

async function ingest(
  folder: string,
  set: string[],
  name: string,
  framesPerSecond: number,
  options: BridgeBenchOptions,
): Promise<Measured> {
  const server = await startGatewayOn(folder, options.links, 'binary', set);
  const after = { backlogBytes: 0, bridged: 0 };
  const watched = {
    ...server,
    async stored() {
      const count = await server.stored();
      after.backlogBytes = await metric(server.gateway, 'tidegate_bridge_backlog_bytes');
      after.bridged = await metric(server.gateway, 'tidegate_bridge_acked_total{kind="telemetry"}');
      return count;
    },
  };
  const readings = framesPerSecond === 0 ? 10 : 1;
  const row = await against(watched, name, 'fsynced', { framesPerSecond }, options, readings);
  return { ...row, ...after };
}

async function metric(gateway: GatewayProcess, name: string): Promise<number> {
  const text = await gateway.api<string>('GET', '/metrics');
  const line = text.split('\n').find((text) => text.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1) ?? 0);
}

const rssOf = (pid: number): number =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024);

const whole = (rate: number): string => Math.round(rate).toLocaleString('en');

interface Report {
  alone: number;
  drained: Drained;
  ack: { off: Measured; on: Measured };
  full: { off: Measured; on: Measured };
}

function report({ alone, drained, ack, full }: Report): void {
  const { rssMiB, queryMs } = drained;
  const quarter = Math.max(1, Math.floor(rssMiB.length / 4));
  const mean = (list: number[]): number => list.reduce((sum, value) => sum + value, 0) / Math.max(1, list.length);
  const row = (load: string, measured: Measured): string[] => [
    load,
    measured.name,
    whole(measured.framesPerSecond),
    measured.p50Ms?.toFixed(1) ?? '–',
    measured.p99Ms?.toFixed(1) ?? '–',
    measured.serverCpuPerMillion?.toFixed(2) ?? '–',
    whole(measured.bridged),
    (measured.backlogBytes / 1024 ** 2).toFixed(1),
  ];
  console.log(
    [
      `an outage of one hour: ${whole(drained.messages)} messages of ${whole(devices)} devices were drained at ${whole(drained.rate)} messages/s; one MQTT.js connection alone: ${whole(alone)} messages/s (${(drained.rate / alone).toFixed(2)} ×)`,
      `resident memory while draining: ${Math.round(mean(rssMiB.slice(0, quarter)))} MiB in the first quarter, ${Math.round(mean(rssMiB.slice(-quarter)))} MiB in the last, ${Math.max(...rssMiB)} MiB at most`,
      `a query for 100 readings while draining: ${mean(queryMs).toFixed(1)} ms on average, ${Math.max(...queryMs).toFixed(1)} ms at most`,
      '',
      tableOf(
        ['LOAD', 'BRIDGE', 'FRAMES/S', 'P50 MS', 'P99 MS', 'CPU S/M', 'BRIDGED', 'BACKLOG MIB'],
        [
          row('10,000 frames/s', ack.off),
          row('10,000 frames/s', ack.on),
          row('as fast as possible', full.off),
          row('as fast as possible', full.on),
        ],
      ),
      '',
      `ack p99 with the broker up: ${((ack.on.p99Ms ?? 0) / (ack.off.p99Ms ?? 1)).toFixed(2)} times the p99 without a bridge; ingest with the broker down: ${((100 * full.on.framesPerSecond) / full.off.framesPerSecond).toFixed(0)} % of the rate without a bridge`,
      '',
      `${machineOf(fsyncP50Ms())}; generator and broker on the same machine`,
    ].join('\n'),
  );
}
