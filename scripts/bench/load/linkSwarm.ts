import { connect, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { yieldToOthers } from '../../../gateway/store/threads/priority.js';

/**
 * Devices that connect over bare sockets and send nothing. They run in a worker, which does one command per message and answers it with a
 * `SwarmAnswer`.
 */
export interface SwarmCommand {
  /** `open` and `refused` try each missing link once; `until-back` repeats that until all are up; `close` drops all links. */
  type: 'open' | 'refused' | 'until-back' | 'close';
  /** How many upgrades may be in progress at once. Their rate is not limited. */
  atOnce: number;
}

export interface SwarmAnswer {
  /** How long the command took. */
  seconds: number;
  /** How many upgrades got each HTTP status; 0 stands for no answer. */
  counts: Record<number, number>;
}

interface SwarmData {
  headers: string[];
}

// Real devices have their own processors, so these must not take CPU time from the gateway that is measured.
yieldToOthers(19);
const { headers } = workerData as SwarmData;
const addresses = Array.from({ length: 8 }, (_, n) => `127.0.0.${n + 1}`);
const sockets: (Socket | null)[] = headers.map(() => null);
let port = 0;

/** Resolves with the HTTP status, or with 0 if there was no answer. An accepted link stays open. */
function upgrade(index: number): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress: addresses[index % addresses.length] });
    let head = '';
    socket.on('error', () => {});
    socket.on('close', () => {
      if (sockets[index] === socket) sockets[index] = null;
      resolve(0);
    });
    socket.on('data', (chunk) => {
      if (head.length > 12) return;
      head += chunk.toString('latin1', 0, 12);
      const status = Number(head.slice(9, 12));
      if (status === 101) sockets[index] = socket;
      else socket.destroy();
      resolve(status);
    });
    socket.write(
      `GET /v1/device HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers[index]}\r\n\r\n`,
    );
  });
}

/** Tries one upgrade per device that has no link, `atOnce` at a time. Returns the statuses. */
async function round(atOnce: number): Promise<number[]> {
  const waiting = headers.map((_, index) => index).filter((index) => sockets[index] === null);
  const statuses: number[] = [];
  const worker = async (): Promise<void> => {
    for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) statuses.push(await upgrade(index));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return statuses;
}

parentPort?.on('message', async (command: SwarmCommand & { port: number }) => {
  port = command.port;
  const startedAt = performance.now();
  const counts: Record<number, number> = {};
  const add = (statuses: number[]): void => {
    for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  };
  if (command.type === 'close') for (const socket of sockets) socket?.destroy();
  else if (command.type === 'until-back')
    while (sockets.includes(null)) {
      add(await round(command.atOnce));
      if (sockets.includes(null)) await new Promise((resolve) => setTimeout(resolve, 50));
    }
  else add(await round(command.atOnce));
  const answer: SwarmAnswer = { seconds: (performance.now() - startedAt) / 1000, counts };
  parentPort?.postMessage(answer);
});
