import { Ajv2020 } from 'ajv/dist/2020.js';
import type { LiveMessage, LiveSubscribe } from '../../schemas/generated/operator.js';
import { loadSchema } from '../../schemas/packageRoot.js';
import type { Batch, CommandRecord } from '../store/calls.js';
import { type Device, type Presence, type Scalar, seriesKinds } from '../types.js';
import type { WebSocket } from '../uws.js';
import type { LiveEvents, OperatorContext } from './context.js';
import { errorsOf } from './requests.js';

/** A client that has more than this waiting loses samples. */
const samplesBacklogBytesMax = 1024 * 1024;
/** Events are never dropped; a client that cannot even take those is closed. */
export const eventsBacklogBytesMax = 4 * 1024 * 1024;
const latestEveryMs = 500;

type Kind = LiveSubscribe['kinds'][number];

/** A client of /v1/live. */
export interface LiveClient {
  ws: WebSocket<unknown> | null;
  kinds: ReadonlySet<Kind>;
  /** Null: all. */
  devices: ReadonlySet<string> | null;
  /** Series whose newest reading it has yet to be told. */
  changed: Set<number>;
  dropped: number;
}

const checkSubscribe = new Ajv2020({ allErrors: true }).compile<LiveSubscribe>(loadSchema('operator/live_subscribe'));

export type Live = ReturnType<typeof createLive>;

/** What happens, as it happens, to whoever asked. While nobody does, a commit costs one comparison here. */
export function createLive(context: OperatorContext) {
  const { counters, clock, gatewayId } = context;
  const clients = new Set<LiveClient>();
  const timer = setInterval(sendLatest, latestEveryMs);
  timer.unref();

  function send(client: LiveClient, message: LiveMessage): void {
    if (client.ws === null) return;
    if (client.ws.send(JSON.stringify(message)) === 2) client.ws.end(1013, 'too slow');
  }

  function hears(client: LiveClient, kind: Kind, device: string): boolean {
    return client.kinds.has(kind) && (client.devices === null || client.devices.has(device));
  }

  /** Samples may be lost, and the client is told how many were as soon as it has room again. */
  function offerSamples(client: LiveClient, count: number, message: () => LiveMessage): void {
    if (client.ws === null) return;
    if (client.ws.getBufferedAmount() > samplesBacklogBytesMax) {
      client.dropped += count;
      counters.liveSamplesDropped += count;
      return;
    }
    if (client.dropped > 0) send(client, { type: 'dropped', samples: client.dropped });
    client.dropped = 0;
    send(client, message());
  }

  function sendLatest(): void {
    for (const client of clients) {
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
      changes.set(device.id, [...(changes.get(device.id) ?? []), [metric, newest]]);
    }
    return Object.fromEntries([...changes].map(([device, metrics]) => [device, Object.fromEntries(metrics)]));
  }

  function committed(batch: Batch, rids: string[]): void {
    if (clients.size === 0) return;
    const listeners = [...clients];
    const wantReadings = listeners.filter(({ kinds }) => kinds.has('readings'));
    const wantLatest = listeners.filter(({ kinds }) => kinds.has('latest'));
    for (let frame = 0, at = 0; frame < batch.frames; at += batch.frameReadings[frame++]) {
      const id = context.registry.byKey(batch.frameDevice[frame])?.id;
      const end = at + batch.frameReadings[frame];
      if (id === undefined || end === at) continue;
      for (const client of wantReadings) {
        if (hears(client, 'readings', id))
          offerSamples(client, end - at, () => frameMessage(batch, frame, id, at, end));
      }
      for (const client of wantLatest) {
        if (!hears(client, 'latest', id)) continue;
        for (let i = at; i < end; i++) client.changed.add(batch.series[i]);
      }
    }
    batch.rejected.forEach(({ deviceKey, seq, code, path, message }, i) => {
      const device = context.registry.byKey(deviceKey)?.id;
      if (device === undefined) return;
      for (const client of listeners) {
        if (hears(client, 'rejected', device))
          send(client, { type: 'rejected', device, rid: rids[i], seq, code, path, message });
      }
    });
  }

  function frameMessage(batch: Batch, frame: number, device: string, start: number, end: number): LiveMessage {
    const readings = [];
    for (let i = start; i < end; i++) {
      const { metric, kind } = context.seriesById(batch.series[i]);
      const raw = batch.value[i];
      const value = kind === seriesKinds.string ? batch.strings[raw] : kind === seriesKinds.boolean ? raw === 1 : raw;
      readings.push({ metric, ts: batch.ts[i], value });
    }
    return { type: 'readings', device, seq: batch.frameSeq[frame], receivedAt: batch.frameReceivedAt[frame], readings };
  }

  function presence(device: Device, now: Presence): void {
    for (const client of clients) {
      if (hears(client, 'presence', device.id))
        send(client, { type: 'presence', device: device.id, presence: { ...now } });
    }
  }

  function command({ id, device, name, state, result, error, createdAt }: CommandRecord): void {
    for (const client of clients) {
      if (!hears(client, 'commands', device)) continue;
      const told = { id, name, state, result: result as null, error: error as null, createdAt };
      send(client, { type: 'command', device, command: told });
    }
  }

  return {
    events: { committed, presence, command } satisfies LiveEvents,

    open(client: LiveClient, ws: WebSocket<unknown>): void {
      client.ws = ws;
      clients.add(client);
      send(client, { type: 'welcome', gatewayId, serverTime: clock.now() });
    },

    /** A message from a client: a subscription, which replaces the one before. */
    receive(client: LiveClient, text: string): void {
      let message: unknown;
      try {
        message = JSON.parse(text);
      } catch {
        return send(client, { type: 'error', code: 'json_invalid', message: 'the message is not JSON' });
      }
      if (!checkSubscribe(message)) {
        const faults = errorsOf(checkSubscribe).map(({ path, message: what }) => `${path} ${what}`);
        return send(client, { type: 'error', code: 'subscription_invalid', message: faults.join('; ') });
      }
      client.kinds = new Set(message.kinds);
      client.devices = message.devices === undefined ? null : new Set(message.devices);
      client.changed.clear();
      send(client, { type: 'subscribed' });
    },

    closed(client: LiveClient): void {
      client.ws = null;
      clients.delete(client);
    },

    stop(): void {
      clearInterval(timer);
      for (const { ws } of [...clients]) ws?.end(1001, 'restarting');
    },
  };
}

export function createLiveClient(): LiveClient {
  return { ws: null, kinds: new Set(), devices: null, changed: new Set(), dropped: 0 };
}
