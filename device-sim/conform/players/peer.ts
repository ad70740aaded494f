/**
 * A scripted gateway. players/ holds who takes part in a situation: the client under its adapter, the peer, a real gateway, a
 * relay. What must hold is in situations/.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Encoding, subprotocols } from '../../../schemas/tables/subprotocols.js';
import { createInbox } from './waiting.js';
import {
  hear,
  type Offence,
  type Said,
  type SaidFrame,
  type Tables,
  unknownMessages,
  type Word,
  write,
} from './wire.js';

/** What an upgrade request gets. `drop`: the connection ends without an answer. */
export type Answer =
  | { kind: 'take' }
  | { kind: 'refuse'; status: number; headers?: Record<string, string> }
  | { kind: 'drop' };

export interface PeerOptions {
  /** How far this gateway's clock is ahead of the device's. */
  skewMs?: number;
}

export interface Peer {
  url: string;
  /** Its clock, Unix ms. */
  now(): number;
  /** The rules that the device broke so far. */
  offences: readonly Offence[];
  /** The rules that the device showed so far. */
  shown: Set<string>;
  /** The numbered metric tables that the device declared. */
  tables: Tables['numbered'];
  /** All links, in order. */
  links: readonly PeerLink[];
  /** Sets the answer to all attempts from now on. */
  answer(next: Answer): void;
  /** Takes the next link. Throws Broken if none comes in time. */
  link(rule: string, ms?: number): Promise<PeerLink>;
  /** Takes the next attempt to connect. Throws Broken if none comes in time. */
  attempt(rule: string, ms?: number): Promise<{ at: number; request: IncomingMessage }>;
  /** How many attempts came and were not taken. */
  attemptsLeft(): number;
  close(): void;
}

/** A gateway that a situation controls: it records what the device does and sends what the situation asks for. */
export async function startPeer({ skewMs = 0 }: PeerOptions = {}): Promise<Peer> {
  const http = createServer((_request, response) => response.writeHead(426, { connection: 'close' }).end());
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => chosenOf([...offered]) ?? false,
  });
  const links = createInbox<PeerLink>();
  const attempts = createInbox<{ at: number; request: IncomingMessage }>();
  const all: PeerLink[] = [];
  const offences: Offence[] = [];
  const shown = new Set<string>();
  const numbered: Tables['numbered'] = new Map();
  let answer: Answer = { kind: 'take' };
  const now = (): number => Date.now() + skewMs;

  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => {});
    attempts.push({ at: Date.now(), request });
    if (answer.kind === 'drop') return socket.destroy();
    if (answer.kind === 'refuse') return refuse(socket, answer.status, answer.headers ?? {});
    sockets.handleUpgrade(request, socket, head, (ws) => {
      const link = createPeerLink(ws, request, { numbered, ofLink: null }, { now, offend, show });
      all.push(link);
      links.push(link);
    });
  });

  const offend = (offence: Offence): void => void offences.push(offence);
  /** A device may use two links at once only if it could not know that the older one was alive. */
  const show = (rules: string[], link: PeerLink, said: Said): void => {
    for (const rule of [...rules, 'J-8', 'R-6', 'R-8']) shown.add(rule);
    if (said.type === 'telemetry' && all.some((other) => other !== link && other.isOpen() && !other.frozen()))
      offend({ rule: 'R-6', reason: 'the device sends on a link while its older one is still open' });
  };

  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/v1/device`,
    now,
    offences,
    shown,
    tables: numbered,
    links: all,
    answer(next: Answer): void {
      answer = next;
    },
    link: (rule: string, ms?: number): Promise<PeerLink> => links.next(rule, 'link', undefined, ms),
    attempt: (rule: string, ms?: number) => attempts.next(rule, 'attempt', undefined, ms),
    attemptsLeft: (): number => attempts.left().length,
    close(): void {
      for (const client of sockets.clients) client.terminate();
      http.closeAllConnections();
      http.close();
    },
  };
}

function refuse(socket: Duplex, status: number, headers: Record<string, string>): void {
  const body = JSON.stringify({
    type: 'about:blank',
    title: 'Refused',
    status,
    code: 'overloaded',
    detail: 'as it must',
  });
  const lines = Object.entries({
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} Refused\r\n${lines.join('')}\r\n${body}`);
}

export function chosenOf(offered: readonly string[]): keyof typeof subprotocols | undefined {
  return offered.find((entry): entry is keyof typeof subprotocols => Object.hasOwn(subprotocols, entry));
}

export const offeredOf = ({ headers }: IncomingMessage): string[] =>
  (headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');

interface PeerTools {
  now(): number;
  offend(offence: Offence): void;
  show(rules: string[], link: PeerLink, said: Said): void;
}

type SaidUpdate = Said & { type: 'command_update' };

/** A link of the device under test, from the gateway's side. */
export interface PeerLink {
  request: IncomingMessage;
  encoding: Encoding;
  /** Everything that the device sent on this link. */
  heard: readonly Said[];
  say(word: Word): void;
  welcome(lastSeq: number, window?: number): void;
  ack(seq: number, window?: number): void;
  nack(seq: number, code?: string): void;
  /** Its messages from now on contain fields or bytes that a later gateway may add. */
  beOdd(): void;
  sayUnknown(): void;
  ping(): void;
  /** Takes the next telemetry frame. Throws Broken if none comes in time. */
  frame(rule: string, what?: string, ms?: number): Promise<SaidFrame>;
  frames(rule: string, count: number): Promise<SaidFrame[]>;
  /** The frames that arrived and were not taken. */
  framesLeft(): readonly SaidFrame[];
  /** Takes the update that ends a command. Throws Broken if none comes in time. */
  finalWord(rule: string, id: string, ms?: number): Promise<SaidUpdate>;
  /** The states that the device reported for a command, in order. */
  updates(id: string): string[];
  close(code: number, reason?: string): void;
  cut(): void;
  /** Makes the link half-open: nothing is read, not even a close, and nothing is answered. */
  freeze(): void;
  thaw(): void;
  frozen(): boolean;
  isOpen(): boolean;
  ended: Promise<{ code: number; reason: string; at: number }>;
}

function createPeerLink(
  ws: WebSocket,
  request: IncomingMessage,
  tables: Tables,
  { now, offend, show }: PeerTools,
): PeerLink {
  const chosen = chosenOf(offeredOf(request));
  const encoding: Encoding = chosen === undefined ? 'json' : subprotocols[chosen];
  const frames = createInbox<SaidFrame>();
  const updates = createInbox<SaidUpdate>();
  const heard: Said[] = [];
  const ended = once(ws, 'close').then(([code, reason]) => ({
    code: code as number,
    reason: String(reason),
    at: Date.now(),
  }));
  let isFrozen = false;
  let hellos = 0;
  let odd = false;

  ws.on('error', (error) => offend({ rule: 'R-8', reason: error.message }));
  ws.on('message', (data, isBinary) => {
    const result = hear(data as Buffer, isBinary, tables, now());
    if (!result.ok) return offend(result.offence);
    const { said } = result;
    heard.push(said);
    show(result.shows, self, said);
    if (said.type === 'telemetry') frames.push(said);
    else if (said.type === 'command_update') updates.push(said);
    else if (said.type === 'time' && !isFrozen) say({ type: 'time', echo: said.echo, serverTime: now() });
    else if (said.type === 'hello' && ++hellos > 1) offend({ rule: 'H-9', reason: 'a second hello on one link' });
  });

  function say(word: Word): void {
    ws.send(write(word, encoding, odd));
  }

  const self: PeerLink = {
    request,
    encoding,
    heard,
    say,
    welcome: (lastSeq: number, window = 64): void => say({ type: 'welcome', lastSeq, window, serverTime: now() }),
    ack: (seq: number, window?: number): void => say({ type: 'ack', seq, window }),
    nack: (seq: number, code = 'value_invalid'): void => say({ type: 'nack', seq, code }),
    beOdd() {
      odd = true;
    },
    sayUnknown(): void {
      for (const message of unknownMessages(encoding)) ws.send(message);
    },
    ping: (): void => ws.ping(),
    frame: (rule: string, what = 'frame', ms?: number): Promise<SaidFrame> => frames.next(rule, what, undefined, ms),
    async frames(rule: string, count: number): Promise<SaidFrame[]> {
      const taken: SaidFrame[] = [];
      while (taken.length < count) taken.push(await frames.next(rule, `frame ${taken.length + 1} of ${count}`));
      return taken;
    },
    framesLeft: frames.left,
    finalWord: (rule: string, id: string, ms?: number) =>
      updates.next(rule, `final state of command ${id}`, (update) => update.id === id && isFinal(update.state), ms),
    updates: (id: string): string[] =>
      heard.flatMap((said) => (said.type === 'command_update' && said.id === id ? [said.state] : [])),
    close: (code: number, reason = ''): void => ws.close(code, reason),
    cut: (): void => ws.terminate(),
    freeze(): void {
      isFrozen = true;
      ws.pause();
    },
    thaw: (): void => ws.resume(),
    frozen: (): boolean => isFrozen,
    isOpen: (): boolean => ws.readyState === ws.OPEN,
    ended,
  };
  return self;
}

export const isFinal = (state: string): boolean => state === 'succeeded' || state === 'failed' || state === 'rejected';
