import { createAjv, late } from '../../../schemas/ajv.js';
import type { LiveSubscribe, LiveUnsubscribe } from '../../../schemas/generated/operator.js';
import { loadSchema } from '../../../schemas/load.js';
import type { Device } from '../../domain/device.js';
import type { Socket } from '../../transport/transport.js';
import { errorsOf } from '../http/requests.js';

export type LiveKind = LiveSubscribe['kinds'][number];

/** Clients at a time. Each costs a share of every event that it hears, on the thread that also serves devices. */
export const liveClientsMax = 256;

/** Clients at a time that have the same key. */
export const liveClientsPerKeyMax = 64;

const subscriptionsMax = 16;
const tracedMax = 10;

/** What a client has asked for under one id. */
interface Subscription {
  kinds: ReadonlySet<LiveKind>;
  /** Null: all devices. */
  devices: ReadonlySet<string> | null;
  tags: [string, string][];
  /** Of latest values; null: all metrics. */
  metrics: ReadonlySet<string> | null;
}

/** A client of /v1/live. */
export interface LiveClient {
  /** Its key's id. */
  key: string;
  socket: Socket | null;
  subscriptions: Map<string, Subscription>;
  /** The kinds of all its subscriptions together, to skip most clients quickly. */
  kinds: ReadonlySet<LiveKind>;
  /** Samples that were dropped and are not reported to it yet. */
  dropped: number;
  /** Snapshots under way, by subscription: the devices that are left. */
  snapshots: Map<string, Iterator<Device>>;
}

export function createLiveClient(key: string): LiveClient {
  return {
    key,
    socket: null,
    subscriptions: new Map(),
    kinds: new Set(),
    dropped: 0,
    snapshots: new Map(),
  };
}

/** What a client has asked for, as a text: two clients with one text hear the same. */
export function signatureOf({ subscriptions }: LiveClient): string {
  const parts = [...subscriptions.values()].map(({ kinds, devices, tags, metrics }) =>
    JSON.stringify([[...kinds].sort(), devices && [...devices].sort(), tags, metrics && [...metrics].sort()]),
  );
  return [...new Set(parts)].sort().join(' ');
}

/** Whether one of the client's subscriptions is for this kind of event of this device. */
export function hears(client: Pick<LiveClient, 'kinds' | 'subscriptions'>, kind: LiveKind, device: Device): boolean {
  if (!client.kinds.has(kind)) return false;
  for (const subscription of client.subscriptions.values())
    if (subscription.kinds.has(kind) && includes(subscription, device)) return true;
  return false;
}

/** Whether the client wants the latest value of this metric of the device. */
export function hearsLatest(
  { subscriptions }: Pick<LiveClient, 'subscriptions'>,
  device: Device,
  metric: string,
): boolean {
  for (const subscription of subscriptions.values()) {
    const { kinds, metrics } = subscription;
    if (kinds.has('latest') && (metrics === null || metrics.has(metric)) && includes(subscription, device)) return true;
  }
  return false;
}

/** Whether the subscription is for this device. */
export function includes({ devices, tags }: Subscription, device: Device): boolean {
  return (devices === null || devices.has(device.id)) && tags.every(([name, value]) => device.tags[name] === value);
}

/** Ids of the devices whose frames the client wants to trace. */
export function* tracedBy({ subscriptions }: LiveClient): Generator<string> {
  for (const { kinds, devices } of subscriptions.values()) if (kinds.has('trace')) yield* devices ?? [];
}

const ajv = late(() => createAjv({ allErrors: true }));
const subscribeCheck = late(() => ajv().compile<LiveSubscribe>(loadSchema('operator/live_subscribe')));
const unsubscribeCheck = late(() => ajv().compile<LiveUnsubscribe>(loadSchema('operator/live_unsubscribe')));

export type LiveRequest =
  | { type: 'subscribe'; id: string; snapshot: boolean }
  | { type: 'unsubscribe'; id: string }
  | { type: 'error'; code: string; message: string };

/** Carries out a client's message. A subscription replaces the one with the same id. */
export function takeRequest(client: LiveClient, text: string): LiveRequest {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return { type: 'error', code: 'json_invalid', message: 'the message is not JSON' };
  }
  const [checkSubscribe, checkUnsubscribe] = [subscribeCheck(), unsubscribeCheck()];
  if (checkUnsubscribe(message)) {
    client.subscriptions.delete(message.id);
    settle(client);
    return { type: 'unsubscribe', id: message.id };
  }
  if (!checkSubscribe(message)) {
    const faults = errorsOf(checkSubscribe).map(({ path, message: what }) => `${path} ${what}`);
    return { type: 'error', code: 'subscription_invalid', message: faults.join('; ') };
  }
  const refusal = refusalOf(client, message);
  if (refusal !== null) return { type: 'error', ...refusal };
  const { id = '', kinds, devices, tags = {}, metrics, snapshot = false } = message;
  client.subscriptions.set(id, {
    kinds: new Set(kinds),
    devices: devices === undefined ? null : new Set(devices),
    tags: Object.entries(tags),
    metrics: metrics === undefined ? null : new Set(metrics),
  });
  settle(client);
  return { type: 'subscribe', id, snapshot };
}

function refusalOf(
  { subscriptions }: LiveClient,
  { id = '', kinds, devices }: LiveSubscribe,
): { code: string; message: string } | null {
  if (!subscriptions.has(id) && subscriptions.size >= subscriptionsMax)
    return {
      code: 'too_many_subscriptions',
      message: `a client has at most ${subscriptionsMax} subscriptions; unsubscribe one first`,
    };
  if (kinds.includes('trace') && (devices === undefined || devices.length > tracedMax))
    return { code: 'trace_needs_devices', message: `trace needs the ids of 1 to ${tracedMax} devices` };
  return null;
}

/** After a change: drops what waits for the client and is no longer wanted. */
function settle(client: LiveClient): void {
  client.kinds = new Set([...client.subscriptions.values()].flatMap(({ kinds }) => [...kinds]));
  for (const id of client.snapshots.keys()) if (!client.subscriptions.has(id)) client.snapshots.delete(id);
}
