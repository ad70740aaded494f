import type { LiveSnapshot } from '../../../schemas/generated/operator.js';
import type { Device } from '../../domain/device.js';
import type { OperatorContext } from '../http/context.js';
import { includes, type LiveClient } from './liveClient.js';

/** A snapshot continues only while no more than this waits to be sent, so that it never delays an event. */
const backlogBytesMax = 128 * 1024;

/** Devices per message. */
const devicesPerPiece = 250;

/**
 * Snapshots: the state that later changes build on. A client gets the devices of its subscription a piece at a time, each device
 * as it is when it is sent.
 */
export interface Snapshots {
  /** Starts a snapshot for the client's subscription `id`. */
  start(client: LiveClient, id: string): void;
  /** Continues the client's snapshots. To be called when the client has read what waited for it. */
  resume(client: LiveClient): void;
}

export function createSnapshots(
  context: Pick<OperatorContext, 'registry' | 'presence' | 'latest'>,
  send: (client: LiveClient, message: LiveSnapshot) => void,
): Snapshots {
  function resume(client: LiveClient): void {
    for (const [id, devices] of client.snapshots) {
      if (client.socket === null || client.socket.queuedBytes() > backlogBytesMax) return;
      const piece = pieceOf(client, id, devices);
      if (!piece.more) client.snapshots.delete(id);
      send(client, piece);
    }
    if (client.snapshots.size > 0) setImmediate(resume, client);
  }

  function pieceOf(client: LiveClient, id: string, rest: Iterator<Device>): LiveSnapshot {
    const subscription = client.subscriptions.get(id);
    const devices: LiveSnapshot['devices'] = {};
    if (subscription === undefined) return { type: 'snapshot', id, devices, more: false };
    for (let count = 0; count < devicesPerPiece; ) {
      const { value: device, done } = rest.next();
      if (done === true) return { type: 'snapshot', id, devices, more: false };
      if (!includes(subscription, device)) continue;
      count++;
      devices[device.id] = {
        ...(subscription.kinds.has('presence') ? { presence: { ...context.presence(device) } } : {}),
        ...(subscription.kinds.has('latest') ? { latest: latestOf(device, subscription.metrics) } : {}),
      };
    }
    return { type: 'snapshot', id, devices, more: true };
  }

  function latestOf(device: Device, metrics: ReadonlySet<string> | null) {
    const latest = context.latest(device);
    if (metrics === null) return latest;
    return Object.fromEntries(Object.entries(latest).filter(([metric]) => metrics.has(metric)));
  }

  return {
    start(client, id) {
      client.snapshots.set(id, context.registry.all()[Symbol.iterator]());
      resume(client);
    },
    resume,
  };
}
