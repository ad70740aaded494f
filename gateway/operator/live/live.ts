import type { LiveMessage, LiveSnapshot } from '../../../schemas/generated/operator.js';
import type { Batch } from '../../columns/batch.js';
import { scalarIn } from '../../columns/scalar.js';
import type { CommandRecord } from '../../domain/command.js';
import type { Device } from '../../domain/device.js';
import type { Presence } from '../../domain/presence.js';
import type { Scalar } from '../../domain/series.js';
import type { WebSocket } from '../../net/uws.js';
import type { TracedFrame } from '../../observe/trace.js';
import type { LiveEvents, OperatorContext } from '../http/context.js';
import { hears, type LiveClient, means, takeRequest, tracedBy } from './liveClient.js';

/** A client that has more than this waiting loses samples. */
const samplesBacklogBytesMax = 1024 * 1024;

/** Events are never dropped; a client that cannot even take those is closed. */
export const eventsBacklogBytesMax = 4 * 1024 * 1024;

/** A snapshot goes on only while so little waits, so that it never keeps an event from its place. */
const snapshotBacklogBytesMax = 128 * 1024;

const snapshotDevices = 250;

const latestEveryMs = 500;

export type Live = ReturnType<typeof createLive>;

/** What the live feed needs of the rest. */
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
>;

/** What happens, as it happens, to whoever asked. While nobody does, a commit costs one comparison here. */
export function createLive(context: LiveContext) {
  const { counters, clock, gatewayId } = context;
  const clients = new Set<LiveClient>();
  const timer = setInterval(sendLatest, latestEveryMs);
  timer.unref();

  function send(client: LiveClient, message: LiveMessage): void {
    if (client.ws === null) return;
    if (client.ws.send(JSON.stringify(message)) === 2) client.ws.end(1013, 'too slow');
  }

  /** Samples may be lost, and the client is told how many were as soon as it has room again. */
  function offerSamples(client: LiveClient, count: number, message: () => LiveMessage): void {
    if (client.ws === null) return;
    if (client.ws.getBufferedAmount() > samplesBacklogBytesMax) {
      client.dropped += count;
      counters.liveSamplesDropped += count;
      return;
    }
    tellDropped(client);
    send(client, message());
  }

  function tellDropped(client: LiveClient): void {
    if (client.dropped > 0) send(client, { type: 'dropped', samples: client.dropped });
    client.dropped = 0;
  }

  /** A client whose key is revoked, or over, hears no more. */
  function sendLatest(): void {
    for (const client of [...clients]) {
      if (!context.keys.isValid(client.key)) {
        client.ws?.end(1008, 'the key is not valid any more');
        continue;
      }
      if (client.changed.size === 0) continue;
      const series = [...client.changed];
      client.changed.clear();
      offerSamples(client, series.length, () => ({ type: 'latest', changes: latestOf(series) }));
    }
  }

  function latestOf(ids: number[]): Extract<LiveMessage, { type: 'latest' }>['changes'] {
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

  function committed(batch: Batch, rids: string[]): void {
    if (clients.size === 0) return;
    const listeners = [...clients];
    const wantReadings = listeners.filter(({ kinds }) => kinds.has('readings'));
    const wantLatest = listeners.filter(({ kinds }) => kinds.has('latest'));
    for (let frame = 0, at = 0; frame < batch.frames; at += batch.frameReadings[frame++]) {
      const device = context.registry.byKey(batch.frameDevice[frame]);
      const end = at + batch.frameReadings[frame];
      if (device === undefined || end === at) continue;
      for (const client of wantReadings) {
        if (hears(client, 'readings', device))
          offerSamples(client, end - at, () => frameMessage(batch, frame, device.id, at, end));
      }
      for (const client of wantLatest) {
        if (!hears(client, 'latest', device)) continue;
        for (let i = at; i < end; i++) client.changed.add(batch.series[i]);
      }
    }
    batch.rejected.forEach(({ deviceKey, seq, code, path, message }, i) => {
      const device = context.registry.byKey(deviceKey);
      if (device === undefined) return;
      for (const client of listeners) {
        if (hears(client, 'rejected', device))
          send(client, { type: 'rejected', device: device.id, rid: rids[i], seq, code, path, message });
      }
    });
  }

  function frameMessage(batch: Batch, frame: number, device: string, start: number, end: number): LiveMessage {
    const readings = [];
    for (let i = start; i < end; i++) {
      const { metric, kind } = context.seriesById(batch.series[i]);
      readings.push({ metric, ts: batch.ts[i], value: scalarIn(kind, batch.value[i], batch.strings) });
    }
    return { type: 'readings', device, seq: batch.frameSeq[frame], receivedAt: batch.frameReceivedAt[frame], readings };
  }

  function presence(device: Device, now: () => Presence): void {
    for (const client of clients) {
      if (hears(client, 'presence', device))
        send(client, { type: 'presence', device: device.id, presence: { ...now() } });
    }
  }

  function command({ id, device, name, state, result, error, createdAt }: CommandRecord): void {
    const known = clients.size === 0 ? undefined : context.registry.get(device);
    if (known === undefined) return;
    for (const client of clients) {
      if (!hears(client, 'commands', known)) continue;
      const told = { id, name, state, result: result as null, error: error as null, createdAt };
      send(client, { type: 'command', device, command: told });
    }
  }

  function traced({ bytes, fault, ...frame }: TracedFrame): void {
    const device = context.registry.get(frame.device);
    if (device === undefined) return;
    const told = fault === null ? null : { code: fault.code, path: fault.path ?? null, message: fault.message };
    const message = { type: 'trace', ...frame, bytes: Buffer.from(bytes).toString('base64'), fault: told } as const;
    for (const client of clients) if (hears(client, 'trace', device)) offerSamples(client, 1, () => message);
  }

  function watchTraced(): void {
    context.watchTraced(new Set([...clients].flatMap((client) => [...tracedBy(client)])));
  }

  /** The state that changes build on: the devices of the subscription, a piece at a time, each as it is when it is sent. */
  function startSnapshot(client: LiveClient, id: string): void {
    client.snapshots.set(id, context.registry.all()[Symbol.iterator]());
    goOn(client);
  }

  /** To be called when the client has read on. */
  function goOn(client: LiveClient): void {
    for (const [id, devices] of client.snapshots) {
      if (client.ws === null || client.ws.getBufferedAmount() > snapshotBacklogBytesMax) return;
      const piece = pieceOf(client, id, devices);
      if (!piece.more) client.snapshots.delete(id);
      send(client, piece);
    }
    if (client.snapshots.size > 0) setImmediate(goOn, client);
  }

  function pieceOf(client: LiveClient, id: string, rest: Iterator<Device>): LiveSnapshot {
    const subscription = client.subscriptions.get(id);
    const devices: LiveSnapshot['devices'] = {};
    if (subscription === undefined) return { type: 'snapshot', id, devices, more: false };
    for (let count = 0; count < snapshotDevices; ) {
      const { value: device, done } = rest.next();
      if (done === true) return { type: 'snapshot', id, devices, more: false };
      if (!means(subscription, device)) continue;
      count++;
      devices[device.id] = {
        ...(subscription.kinds.has('presence') ? { presence: { ...context.presence(device) } } : {}),
        ...(subscription.kinds.has('latest') ? { latest: context.latest(device) } : {}),
      };
    }
    return { type: 'snapshot', id, devices, more: true };
  }

  return {
    events: { committed, presence, command, traced } satisfies LiveEvents,

    open(client: LiveClient, ws: WebSocket<unknown>): void {
      client.ws = ws;
      clients.add(client);
      send(client, { type: 'welcome', gatewayId, serverTime: clock.now() });
    },

    receive(client: LiveClient, text: string): void {
      const request = takeRequest(client, text);
      watchTraced();
      if (request.type === 'error') return send(client, request);
      const { type, id } = request;
      send(client, type === 'subscribe' ? { type: 'subscribed', id } : { type: 'unsubscribed', id });
      if (type === 'subscribe' && request.snapshot) startSnapshot(client, id);
    },

    drained(client: LiveClient): void {
      tellDropped(client);
      goOn(client);
    },

    closed(client: LiveClient): void {
      client.ws = null;
      clients.delete(client);
      client.snapshots.clear();
      watchTraced();
    },

    stop(): void {
      clearInterval(timer);
      for (const { ws } of [...clients]) ws?.end(1001, 'restarting');
    },
  };
}
