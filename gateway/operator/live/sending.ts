import type { LiveMessage } from '../../../schemas/generated/operator.js';
import type { Counters } from '../../observe/counters.js';
import type { LiveClient } from './liveClient.js';

/** A client with more than this waiting to be sent loses samples. */
const samplesBacklogBytesMax = 1024 * 1024;

/** Events are never dropped. A client with more than this waiting to be sent is closed. */
export const eventsBacklogBytesMax = 4 * 1024 * 1024;

/** Sends an event. It is never dropped: a client that does not read its events is closed. */
export function send(client: LiveClient, message: LiveMessage): void {
  sendText(client, JSON.stringify(message));
}

function sendText(client: LiveClient, text: string): void {
  if (client.socket === null) return;
  if (client.socket.send(text) === 'dropped') client.socket.end(1013, 'too slow');
}

/** Sends one event, made into one text, to all of these clients. */
export function sendAll(clients: Iterable<LiveClient>, message: LiveMessage): void {
  const text = JSON.stringify(message);
  for (const client of [...clients]) sendText(client, text);
}

/**
 * Sends samples to all of these clients for which not too much waits. They are made by `message` and into a text at most once.
 * `count` dropped samples per client are counted and reported later.
 */
export function offerSamples(
  clients: Iterable<LiveClient>,
  counters: Counters,
  count: number,
  message: () => LiveMessage,
): void {
  let text: string | null = null;
  for (const client of [...clients]) {
    if (client.socket === null) continue;
    if (client.socket.queuedBytes() > samplesBacklogBytesMax) {
      client.dropped += count;
      counters.liveSamplesDropped += count;
      continue;
    }
    reportDropped(client);
    text ??= JSON.stringify(message());
    sendText(client, text);
  }
}

/** Reports to the client how many samples it has lost, if any. To be called when it has room again. */
export function reportDropped(client: LiveClient): void {
  if (client.dropped > 0) send(client, { type: 'dropped', samples: client.dropped });
  client.dropped = 0;
}
