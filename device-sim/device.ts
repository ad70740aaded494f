import WebSocket from 'ws';
import { parseDownMessage } from '../schemas/downMessage.js';
import { decodeDown } from '../schemas/frame/decode.js';
import { encodeCommandUpdate, encodeTimeRequest } from '../schemas/frame/encode.js';
import { limits } from '../schemas/limits.js';
import type { Encoding } from '../schemas/subprotocols.js';
import { type CommandHandler, type CommandUpdate, createCommands } from './commands.js';
import { createOutbox } from './outbox.js';
import { type Ending, reconnectDelayMs } from './reconnect.js';

/** A frame that can be encoded with whatever number it gets: text for JSON, bytes for binary. */
export interface OutgoingFrame {
  encode(seq: number): string | Uint8Array;
}

export interface Metric {
  name: string;
  unit?: string;
  scale?: number;
}

export interface DeviceOptions<Frame extends OutgoingFrame> {
  /** ws://host:port/v1/device */
  url: string;
  id: string;
  secret: string;
  /** None: the gateway names one for each link, which makes delivery at-least-once. */
  stream?: string;
  encoding: Encoding;
  /** Source address, for fleets larger than the ports of one. */
  localAddress?: string;
  /** Declared on each link as its table 0, before any frame. */
  metrics?: Metric[];
  hello?: {
    agent?: string;
    firmware?: string;
    expectEveryMs?: number;
    attributes?: Record<string, string | number | boolean>;
  };
  commands?: Record<string, CommandHandler>;
  framesMax?: number;
  random(): number;
  acked?(frame: Frame, seq: number): void;
  nacked?(frame: Frame, seq: number, code: string): void;
  /** Up: after the welcome. Down: with the reason. */
  linked?(lastSeq: number): void;
  unlinked?(ending: Ending): void;
}

export type DeviceState = 'idle' | 'connecting' | 'waiting' | 'linked' | 'stopped';

const watchEveryMs = 5_000;

/** The one client of the protocol: connects, numbers, keeps until acknowledged, resends, comes back. */
export function createDevice<Frame extends OutgoingFrame>(options: DeviceOptions<Frame>) {
  const { encoding, random } = options;
  const outbox = createOutbox<Frame>({
    framesMax: options.framesMax ?? 10_000,
    acked: (frame, seq) => options.acked?.(frame, seq),
    nacked: (frame, seq, code) => options.nacked?.(frame, seq, code),
  });
  const commands = createCommands(options.commands ?? {}, () => Date.now() + clockOffsetMs, sendUpdate);
  let state: DeviceState = 'idle';
  let socket: WebSocket | null = null;
  let failures = 0;
  let retry: NodeJS.Timeout | undefined;
  let watch: NodeJS.Timeout | undefined;
  let heardAt = 0;
  let waitingSince = 0;
  let clockOffsetMs = 0;

  function connect(): void {
    state = 'connecting';
    const query = options.stream === undefined ? '' : `?stream=${options.stream}`;
    const authorization = `Basic ${Buffer.from(`${options.id}:${options.secret}`).toString('base64')}`;
    const ws = new WebSocket(options.url + query, [`tidegate.v1.${encoding}`], {
      headers: { authorization },
      localAddress: options.localAddress,
      perMessageDeflate: false,
      skipUTF8Validation: true,
      handshakeTimeout: 20_000,
      maxPayload: 1024 * 1024,
    });
    socket = ws;
    let ending: Ending = { kind: 'failed' };
    ws.on('unexpected-response', (request, response) => {
      const after = Number(response.headers['retry-after']);
      ending = {
        kind: 'refused',
        status: response.statusCode ?? 0,
        retryAfterSeconds: Number.isFinite(after) ? after : null,
      };
      request.destroy();
      response.destroy();
      gone(ws, ending);
    });
    ws.on('message', (data, isBinary) => {
      heardAt = performance.now();
      receive(data as Buffer, isBinary);
    });
    ws.on('ping', () => {
      heardAt = performance.now();
    });
    ws.on('error', () => {});
    ws.on('close', (code, reason) =>
      gone(ws, ending.kind === 'refused' ? ending : { kind: 'close', code, reason: reason.toString() }),
    );
    heardAt = performance.now();
    watch = setInterval(() => checkSilence(ws), watchEveryMs);
  }

  function gone(ws: WebSocket, ending: Ending): void {
    if (socket !== ws) return;
    socket = null;
    clearInterval(watch);
    outbox.unlinked();
    options.unlinked?.(ending);
    if (state === 'stopped') return;
    state = 'waiting';
    retry = setTimeout(connect, reconnectDelayMs(ending, failures++, random));
  }

  /** No word for 75 s, or an ack overdue for 30 s: the link is dead, whatever TCP says. */
  function checkSilence(ws: WebSocket): void {
    const now = performance.now();
    const silent = now - heardAt > limits.deviceSilenceSeconds * 1000;
    const overdue = outbox.inFlight() > 0 && now - waitingSince > limits.ackOverdueSeconds * 1000;
    if (silent || overdue) ws.terminate();
  }

  function receive(data: Buffer, isBinary: boolean): void {
    const message = isBinary ? decodeDown(data) : parseDownMessage(data.toString());
    switch (message?.type) {
      case 'welcome':
        return welcome(message.lastSeq, message.window, message.serverTime);
      case 'ack':
        waitingSince = performance.now();
        outbox.ack(message.seq, message.window ?? 0);
        return pump();
      case 'nack':
        waitingSince = performance.now();
        outbox.nack(message.seq, message.code);
        return pump();
      case 'command':
        void commands.receive({ ...message, params: message.params as Record<string, unknown> });
        return;
      case 'time':
        clockOffsetMs = message.serverTime - Date.now();
    }
  }

  function welcome(lastSeq: number, window: number, serverTime: number): void {
    state = 'linked';
    failures = 0;
    clockOffsetMs = serverTime - Date.now();
    if (options.hello !== undefined) socket?.send(JSON.stringify({ type: 'hello', ...options.hello }));
    if (options.metrics !== undefined) socket?.send(JSON.stringify({ type: 'metrics', metrics: options.metrics }));
    outbox.welcome(lastSeq, window);
    options.linked?.(lastSeq);
    pump();
  }

  function pump(): void {
    if (socket === null || state !== 'linked') return;
    if (outbox.inFlight() === 0) waitingSince = performance.now();
    for (let next = outbox.take(); next !== null; next = outbox.take()) socket.send(next.frame.encode(next.seq));
  }

  function sendUpdate(update: CommandUpdate): void {
    if (socket === null || state !== 'linked') return;
    socket.send(
      encoding === 'binary'
        ? encodeCommandUpdate({ type: 'command_update', ...update })
        : JSON.stringify({ type: 'command_update', ...update }),
    );
  }

  return {
    start(): void {
      if (state === 'idle') connect();
    },

    /** False when the buffer is full; the frame is then not kept. */
    send(frame: Frame): boolean {
      const kept = outbox.push(frame);
      pump();
      return kept;
    },

    /** Asks for the gateway's time; the answer sets the device's idea of it. */
    askTime(echo: number): void {
      if (state !== 'linked') return;
      socket?.send(
        encoding === 'binary' ? encodeTimeRequest({ type: 'time', echo }) : JSON.stringify({ type: 'time', echo }),
      );
    },

    /** Says goodbye; resolves when the link is closed. `reason` may be {"backInMs":n}. */
    stop(reason = ''): Promise<void> {
      clearTimeout(retry);
      clearInterval(watch);
      const ws = socket;
      state = 'stopped';
      if (ws === null || ws.readyState === WebSocket.CLOSED) return Promise.resolve();
      return new Promise((resolve) => {
        ws.once('close', () => resolve());
        if (ws.readyState === WebSocket.OPEN) ws.close(1000, reason);
        else ws.terminate();
      });
    },

    /** Cuts the link without a goodbye, as a power cut does; it comes back as after any lost link. */
    drop(): void {
      socket?.terminate();
    },

    state: (): DeviceState => state,
    unacked: (): number => outbox.size(),
  };
}

export type Device = ReturnType<typeof createDevice>;
