import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { decodeUp } from '../../schemas/frame/decode.js';

/** A message of a device, in either encoding. */
export type Said = { type: string; seq?: number; [field: string]: unknown };

/** A server in the gateway's place. The test sees each upgrade request and each message, and sends the answers. */
export async function startProtocolServer(context: TestContext) {
  const http = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  const peers = createQueue<Peer>();
  const refusals: { status: number; headers: Record<string, string> }[] = [];
  http.on('upgrade', (request, socket, head) => {
    const refusal = refusals.shift();
    if (refusal !== undefined) {
      const headers = Object.entries(refusal.headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.end(`HTTP/1.1 ${refusal.status} No\r\n${headers.join('')}Content-Length: 0\r\nConnection: close\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (ws) => peers.push(createPeer(ws, request)));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  context.after(async () => {
    for (const client of sockets.clients) client.terminate();
    http.close();
    await once(http, 'close');
  });
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/v1/device`,
    /** The next link. */
    peer: peers.next,
    refuse: (status: number, headers: Record<string, string> = {}): number => refusals.push({ status, headers }),
  };
}

/** The gateway's end of one link. */
export interface Peer {
  /** The upgrade request. */
  request: IncomingMessage;
  /** The next message of the device. */
  said(): Promise<Said>;
  /** The number of received messages that `said` has not returned yet. */
  waiting(): number;
  say(message: object | Uint8Array | string): void;
  welcome(lastSeq: number, window?: number): void;
  /** Resolves when the device has handled every message that was sent before. */
  settled(): Promise<void>;
  close(code: number, reason?: string): void;
  cut(): void;
  /** The close frame of the device. */
  closed: Promise<{ code: number; reason: string }>;
}

function createPeer(ws: WebSocket, request: IncomingMessage): Peer {
  const said = createQueue<Said>();
  const closed = once(ws, 'close').then(([code, reason]) => ({ code: code as number, reason: String(reason) }));
  ws.on('message', (data, isBinary) =>
    said.push(isBinary ? binary(data as Buffer) : { type: 'telemetry', ...JSON.parse(String(data)) }),
  );
  ws.on('error', () => {});
  const say = (message: object | Uint8Array | string): void =>
    ws.send(typeof message === 'string' || message instanceof Uint8Array ? message : JSON.stringify(message));
  return {
    request,
    said: said.next,
    waiting: said.size,
    say,
    welcome: (lastSeq: number, window = 64): void =>
      say({
        type: 'welcome',
        device: 'd',
        stream: 'main',
        lastSeq,
        window,
        serverTime: 1_795_305_600_000,
        maxFrameBytes: 65_536,
        keepaliveSeconds: 25,
      }),
    async settled(): Promise<void> {
      ws.ping();
      await once(ws, 'pong');
    },
    close: (code: number, reason = ''): void => ws.close(code, reason),
    cut: (): void => ws.terminate(),
    closed,
  };
}

function binary(bytes: Buffer): Said {
  const decoded = decodeUp(bytes);
  if (!decoded.ok) throw new Error(`the device sent ${bytes.toString('hex')}: ${decoded.fault.code}`);
  return decoded.frame as unknown as Said;
}

function createQueue<Item>() {
  const items: Item[] = [];
  const takers: ((item: Item) => void)[] = [];
  return {
    push(item: Item): void {
      const taker = takers.shift();
      if (taker === undefined) items.push(item);
      else taker(item);
    },
    next: (): Promise<Item> =>
      new Promise((resolve) => {
        const item = items.shift();
        if (item === undefined) takers.push(resolve);
        else resolve(item);
      }),
    size: (): number => items.length,
  };
}
