/** The live feed. live/ sends what happens to the clients that subscribed to it; where it happens, nobody waits for a client. */
import type { LiveMessage } from '../../../schemas/generated/operator.js';
import type { Batch } from '../../columns/batch.js';
import { scalarIn } from '../../columns/scalar.js';
import type { CommandRecord } from '../../domain/command.js';
import type { Device } from '../../domain/device.js';
import type { Presence } from '../../domain/presence.js';
import type { Scalar } from '../../domain/series.js';
import type { TracedFrame } from '../../observe/trace.js';
import type { Socket } from '../../transport/transport.js';
import type { LiveEvents, OperatorContext } from '../http/context.js';
import { type Audiences, createAudiences } from './audience.js';
import { createLateReadings, type LateFrame, type LateReadings } from './lateReadings.js';
import {
  hears,
  hearsLatest,
  type LiveClient,
  type LiveKind,
  liveClientsMax,
  liveClientsPerKeyMax,
  takeRequest,
  tracedBy,
} from './liveClient.js';
import { offerSamples, reportDropped, send, sendAll } from './sending.js';
import { createSnapshots } from './snapshots.js';

const latestEveryMs = 500;

/** The live feed: events as they happen, to each client that has subscribed to them. */
export interface Live {
  /** What happens in the gateway. While no client is connected, a commit costs one comparison here. */
  readonly events: LiveEvents;
  /** Why one more client with this key is refused; null: it may connect. */
  refusal(key: string): string | null;
  /** A client has connected. */
  open(client: LiveClient, socket: Socket): void;
  /** A client has sent a message. */
  receive(client: LiveClient, text: string): void;
  /** A client has read what waited for it. */
  drained(client: LiveClient): void;
  /** A client's connection has ended. */
  closed(client: LiveClient): void;
  /** Closes all clients. */
  stop(): void;
}

/** What the live feed uses of the gateway. */
export type LiveContext = Pick<
  OperatorContext,
  | 'gatewayId'
  | 'clock'
  | 'counters'
  | 'registry'
  | 'keys'
  | 'presence'
  | 'watchTraced'
  | 'latest'
  | 'latestOf'
  | 'seriesById'
  | 'read'
>;

export function createLive(context: LiveContext): Live {
  const clients = new Set<LiveClient>();
  const audiences = createAudiences();
  const events = createEvents(context, audiences);
  const snapshots = createSnapshots(context, send);
  const timer = setInterval(() => {
    endInvalid(context, clients);
    sendLatest(context, audiences);
  }, latestEveryMs);
  timer.unref();

  function watchTraced(): void {
    context.watchTraced(new Set([...clients].flatMap((client) => [...tracedBy(client)])));
  }

  return {
    events,

    refusal(key) {
      if (clients.size >= liveClientsMax)
        return `${clients.size} clients of the live feed are connected; the limit is ${liveClientsMax}`;
      let own = 0;
      for (const client of clients) if (client.key === key) own++;
      return own < liveClientsPerKeyMax
        ? null
        : `${own} clients of the live feed are connected with this key; the limit is ${liveClientsPerKeyMax}`;
    },

    open(client, socket) {
      client.socket = socket;
      clients.add(client);
      send(client, { type: 'welcome', gatewayId: context.gatewayId, serverTime: context.clock.now() });
    },

    receive(client, text) {
      const request = takeRequest(client, text);
      watchTraced();
      if (request.type === 'error') return send(client, request);
      audiences.settle(client);
      const { type, id } = request;
      send(client, type === 'subscribe' ? { type: 'subscribed', id } : { type: 'unsubscribed', id });
      if (type === 'subscribe' && request.snapshot) snapshots.start(client, id);
    },

    drained(client) {
      reportDropped(client);
      snapshots.resume(client);
    },

    closed(client) {
      client.socket = null;
      clients.delete(client);
      audiences.leave(client);
      client.snapshots.clear();
      watchTraced();
    },

    stop() {
      clearInterval(timer);
      for (const { socket } of [...clients]) socket?.end(1001, 'restarting');
    },
  };
}

function createEvents(context: LiveContext, audiences: Audiences): LiveEvents {
  const lateReadings = createLateReadings(context, audiences);
  /** Sends an event of a device to everyone who hears it. */
  function tell(kind: LiveKind, device: Device, message: () => LiveMessage): void {
    let made: LiveMessage | null = null;
    for (const audience of audiences.of(kind)) {
      if (!hears(audience, kind, device)) continue;
      made ??= message();
      sendAll(audience.clients, made);
    }
  }

  return {
    committed(batch, rids) {
      sendReadings(context, audiences, batch, lateReadings);
      batch.rejected.forEach(({ deviceKey, seq, code, path, message }, i) => {
        const device = context.registry.byKey(deviceKey);
        if (device === undefined) return;
        tell('rejected', device, () => ({
          type: 'rejected',
          device: device.id,
          rid: rids[i],
          seq,
          code,
          path,
          message,
        }));
      });
    },

    presence(device: Device, now: () => Presence): void {
      tell('presence', device, () => ({ type: 'presence', device: device.id, presence: { ...now() } }));
    },

    devicesChanged(devices, what) {
      for (const audience of audiences.of('devices')) {
        const ids = devices.filter((device) => hears(audience, 'devices', device)).map(({ id }) => id);
        if (ids.length > 0) sendAll(audience.clients, { type: 'devices', what, ids });
      }
    },

    command({ id, device, name, state, result, error, createdAt }: CommandRecord): void {
      const known = context.registry.get(device);
      if (known === undefined) return;
      const command = { id, name, state, result: result as null, error: error as null, createdAt };
      tell('commands', known, () => ({ type: 'command', device, command }));
    },

    traced({ bytes, fault, ...frame }: TracedFrame): void {
      const device = context.registry.get(frame.device);
      if (device === undefined) return;
      const cause = fault === null ? null : { code: fault.code, path: fault.path ?? null, message: fault.message };
      const message = { type: 'trace', ...frame, bytes: Buffer.from(bytes).toString('base64'), fault: cause } as const;
      for (const audience of audiences.of('trace'))
        if (hears(audience, 'trace', device)) offerSamples(audience.clients, context.counters, 1, () => message);
    },
  };
}

/** Sends the readings of a commit, frame by frame; for `latest` it only notes which series have changed. Late readings are sent later. */
function sendReadings(context: LiveContext, audiences: Audiences, batch: Batch, lateReadings: LateReadings): void {
  const wantReadings = audiences.of('readings');
  const wantLatest = audiences.of('latest');
  if (wantReadings.length + wantLatest.length === 0) return;
  const isLate = new Set(batch.late);
  for (let frame = 0, at = 0; frame < batch.frames; at += batch.frameReadings[frame++]) {
    const device = context.registry.byKey(batch.frameDevice[frame]);
    const end = at + batch.frameReadings[frame];
    if (device === undefined || end === at) continue;
    const listeners = wantReadings.filter((audience) => hears(audience, 'readings', device));
    if (listeners.length > 0) {
      const [inOrder, late] = splitLate(isLate, at, end);
      const message = (): LiveMessage => frameMessage(context, batch, frame, device.id, inOrder);
      if (inOrder.length > 0)
        for (const { clients } of listeners) offerSamples(clients, context.counters, inOrder.length, message);
      if (late.length > 0) lateReadings.take(lateFrameOf(context, batch, frame, device, late));
    }
    for (const audience of wantLatest) {
      if (!hears(audience, 'latest', device)) continue;
      for (let i = at; i < end; i++) {
        const series = batch.series[i];
        if (audience.changed.has(series)) continue;
        if (hearsLatest(audience, device, context.seriesById(series).metric)) audience.changed.add(series);
      }
    }
  }
}

/** The indexes `start` to `end`: those in order, and the late ones. */
function splitLate(isLate: ReadonlySet<number>, start: number, end: number): [inOrder: number[], late: number[]] {
  const parts: [number[], number[]] = [[], []];
  for (let i = start; i < end; i++) parts[isLate.has(i) ? 1 : 0].push(i);
  return parts;
}

function lateFrameOf(
  { seriesById }: LiveContext,
  batch: Batch,
  frame: number,
  device: Device,
  late: number[],
): LateFrame {
  return {
    device,
    seq: batch.frameSeq[frame],
    receivedAt: batch.frameReceivedAt[frame],
    readings: late.map((i) => {
      const series = batch.series[i];
      return { series, ts: batch.ts[i], value: scalarIn(seriesById(series).kind, batch.value[i], batch.strings) };
    }),
  };
}

/** These readings of a batch, which are of one frame. */
function frameMessage(
  context: LiveContext,
  batch: Batch,
  frame: number,
  device: string,
  indexes: number[],
): LiveMessage {
  const readings = [];
  for (const i of indexes) {
    const { metric, kind } = context.seriesById(batch.series[i]);
    const value = scalarIn(kind, batch.value[i], batch.strings);
    readings.push({ metric, ts: batch.ts[i], value });
  }
  return { type: 'readings', device, seq: batch.frameSeq[frame], receivedAt: batch.frameReceivedAt[frame], readings };
}

/** Closes the clients whose key is revoked or has expired. */
function endInvalid({ keys }: LiveContext, clients: ReadonlySet<LiveClient>): void {
  for (const { key, socket } of [...clients])
    if (!keys.isValid(key)) socket?.end(1008, 'the key is not valid any more');
}

/** Sends the newest values that have changed to those who hear them. */
function sendLatest(context: LiveContext, audiences: Audiences): void {
  for (const { clients, changed } of audiences.of('latest')) {
    if (changed.size === 0) continue;
    const series = [...changed];
    changed.clear();
    const message = (): LiveMessage => ({ type: 'latest', changes: latestOf(context, series) });
    offerSamples(clients, context.counters, series.length, message);
  }
}

/** The newest value of each of these series, by device and metric. */
function latestOf(context: LiveContext, ids: number[]): Extract<LiveMessage, { type: 'latest' }>['changes'] {
  const changes = new Map<string, [string, { ts: number; value: Scalar; unit: string | null }][]>();
  for (const id of ids) {
    const { deviceKey, metric } = context.seriesById(id);
    const device = context.registry.byKey(deviceKey);
    const newest = device === undefined ? undefined : context.latestOf(id);
    if (device === undefined || newest == null) continue;
    const metrics = changes.get(device.id);
    if (metrics === undefined) changes.set(device.id, [[metric, newest]]);
    else metrics.push([metric, newest]);
  }
  return Object.fromEntries([...changes].map(([device, metrics]) => [device, Object.fromEntries(metrics)]));
}
