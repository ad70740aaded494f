import type { LiveMessage } from '../../../schemas/generated/operator.js';
import type { Counters } from '../../observe/counters.js';
import type { LiveClient } from './liveClient.js';

/** A client with more than this waiting to be sent loses samples. */
const samplesBacklogBytesMax = 1024 * 1024;

/** Events are never dropped. A client with more than this waiting to be sent is closed. */
export const eventsBacklogBytesMax = 4 * 1024 * 1024;

/** Sends an event. It is never dropped: a client that does not read its events is closed. */
export function send(client: LiveClient, message: LiveMessage): void {
  if (client.socket === null) return;
  if (client.socket.send(JSON.stringify(message)) === 'dropped') client.socket.end(1013, 'too slow');
}

/** Sends samples, made by `message`, unless too much waits. `count` dropped samples are counted and reported later. */
export function offerSamples(client: LiveClient, counters: Counters, count: number, message: () => LiveMessage): void {
  if (client.socket === null) return;
  if (client.socket.queuedBytes() > samplesBacklogBytesMax) {
    client.dropped += count;
    counters.liveSamplesDropped += count;
    return;
  }
  reportDropped(client);
  send(client, message());
}

/** Reports to the client how many samples it has lost, if any. To be called when it has room again. */
export function reportDropped(client: LiveClient): void {
  if (client.dropped > 0) send(client, { type: 'dropped', samples: client.dropped });
  client.dropped = 0;
}
