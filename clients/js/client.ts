import { encodeTimeRequest, encodeUpdate, isUuid, readBytes } from './binaryMessages.js';
import { type CommandHandler, createCommands } from './commands.js';
import { encodeReading, type Reading } from './frames.js';
import { createJournal } from './journal.js';
import { readText } from './jsonMessages.js';
import { createOutbox, type Numbered } from './outbox.js';
import {
  ackOverdueMs,
  type Command,
  type CommandUpdate,
  type DownMessage,
  deviceSilenceMs,
  type Encoding,
  keepaliveMs,
  type MetricTable,
  type Values,
  welcomeMs,
} from './protocol.js';
import { type Ending, reconnectDelayMs } from './reconnect.js';
import { type NativeSocketClass, type Socket, type SocketKind, socketKindOf, type WsSocketClass } from './socket.js';
import { memoryStorage, type Storage } from './storage.js';
import { systemTiming, type Timing } from './timing.js';

export interface ClientOptions {
  /** ws://host:port/v1/device, or wss: */
  url: string;
  id: string;
  secret: string;
  /** The log that the device numbers. */
  stream?: string;
  encoding?: Encoding;
  /** For binary frames, units and scales. */
  metrics?: MetricTable;
  /** What the device says of itself on each link (H-9). */
  hello?: {
    agent?: string;
    firmware?: string;
    expectEveryMs?: number;
    attributes?: Record<string, string | number | boolean>;
  };
  commands?: Record<string, CommandHandler>;
  /** Where numbers, frames and outcomes of commands are kept; in memory where nothing is given. */
  storage?: Storage;
  /** Readings kept until they are acknowledged; 10,000 where nothing is given. */
  framesMax?: number;
  /** That of the package ws; the global one where nothing is given. */
  WebSocket?: NativeSocketClass | WsSocketClass;
  /** Instead of a class: how links are opened. */
  socketKind?: SocketKind;
  event?(event: ClientEvent): void;
  timing?: Timing;
  /** How long to wait before the next attempt; where nothing is given. */
  delayMs?: typeof reconnectDelayMs;
  /** In [0, 1). */
  random?(): number;
}

/** What happens to the client, for whoever listens. */
export type ClientEvent =
  | { event: 'connecting' }
  | { event: 'welcome'; lastSeq: number }
  | { event: 'sent'; seq: number }
  | { event: 'acked'; seq: number }
  | { event: 'nacked'; seq: number; code: string; message: string }
  | { event: 'closed'; code: number; reason: string }
  | { event: 'refused'; status: number }
  | { event: 'waiting'; ms: number }
  | { event: 'executed'; id: string; name: string }
  | { event: 'time'; serverTime: number }
  | { event: 'storage_failed'; error: unknown };

export type Client = Awaited<ReturnType<typeof connectDevice>>;

type State = 'connecting' | 'linked' | 'waiting' | 'asleep' | 'stopped';

const framesMaxByDefault = 10_000;
const watchEveryMs = 5_000;
/** A link that lived so long has held, though nothing was answered on it. */
const heldMs = 60_000;
/** The gateway's clock is taken anew where it is off by more. */
const clockSlackMs = 1_000;

/**
 * A device of a Tidegate gateway: connects, numbers readings, keeps each until it is acknowledged, sends again, comes back, and
 * carries out commands (schemas/PROTOCOL.md). Resolves when what the storage holds is read; the link may come later.
 */
export async function connectDevice(options: ClientOptions) {
  const {
    id,
    secret,
    encoding = 'json',
    random = Math.random,
    timing = systemTiming,
    delayMs = reconnectDelayMs,
  } = options;
  const kind = options.socketKind ?? socketKindOf(options.WebSocket ?? globalWebSocket());
  const journal = await createJournal(options.storage ?? memoryStorage(), timing);
  const outbox = createOutbox<Reading>({ framesMax: options.framesMax ?? framesMaxByDefault, kept: journal.kept });
  const commands = createCommands({
    handlers: options.commands ?? {},
    serverNow,
    write: journal.write,
    tell,
    executed: (command) => emit({ event: 'executed', id: command.id, name: command.name }),
    kept: journal.texts,
  });
  const url = options.stream === undefined ? options.url : `${options.url}?stream=${options.stream}`;
  let state: State = 'waiting';
  let socket: Socket | null = null;
  let table = options.metrics ?? null;
  let failures = 0;
  let held = false;
  let linkedAt = 0;
  let heardAt = 0;
  let attemptAt = 0;
  let asked = false;
  let keepalive = keepaliveMs;
  /** Since when the oldest frame in flight waits, or since the last answer. */
  let waitingSince = 0;
  /** From the steady clock to the gateway's; the device's own is not asked once a welcome came. */
  let gatewayOffsetMs = timing.now() - timing.elapsedMs();
  let gatewayTold = false;
  let cancelTimer = (): void => {};
  let whenStopped = (): void => {};
  const whenDrained: (() => void)[] = [];

  function emit(event: ClientEvent): void {
    options.event?.(event);
  }

  function connect(): void {
    cancelTimer();
    state = 'connecting';
    held = false;
    linkedAt = Number.POSITIVE_INFINITY;
    emit({ event: 'connecting' });
    heard();
    attemptAt = heardAt;
    socket = kind.open(
      { url, id, secret, encoding },
      {
        text: (text) => received(readText(text)),
        bytes: (bytes) => received(readBytes(bytes)),
        pinged: heard,
        ended,
      },
    );
    cancelTimer = timing.after(watchEveryMs, watch);
  }

  function ended(ending: Ending): void {
    socket = null;
    outbox.unlinked();
    emit(
      ending.kind === 'refused'
        ? { event: 'refused', status: ending.status }
        : { event: 'closed', code: ending.code, reason: ending.reason },
    );
    if (state === 'stopped') return whenStopped();
    if (state === 'asleep') return;
    cancelTimer();
    if (held || timing.elapsedMs() - linkedAt >= heldMs) failures = 0;
    const ms = delayMs(ending, failures++, random);
    state = 'waiting';
    cancelTimer = timing.after(ms, connect);
    emit({ event: 'waiting', ms });
  }

  /** no word for 75 s, or an ack overdue for 30 s. Who does not see pings asks for the time before that. */
  function watch(): void {
    cancelTimer = timing.after(watchEveryMs, watch);
    const now = timing.elapsedMs();
    const overdue = outbox.inFlight() > 0 && now - waitingSince >= ackOverdueMs;
    if (state === 'connecting' && now - attemptAt >= welcomeMs) return socket?.abandon();
    if (overdue || now - heardAt >= deviceSilenceMs) return socket?.abandon();
    if (kind.seesPings || asked || state !== 'linked' || now - heardAt < keepalive) return;
    asked = true;
    askTime();
  }

  function serverNow(): number {
    return timing.elapsedMs() + gatewayOffsetMs;
  }

  /** Small differences are those of the way: readings keep their times over them. */
  function setClock(serverTime: number): void {
    if (gatewayTold && Math.abs(serverTime - serverNow()) <= clockSlackMs) return;
    gatewayTold = true;
    gatewayOffsetMs = serverTime - timing.elapsedMs();
  }

  function heard(): void {
    heardAt = timing.elapsedMs();
    asked = false;
  }

  function received(message: DownMessage | null): void {
    heard();
    if (message === null || state === 'stopped' || state === 'asleep') return;
    switch (message.type) {
      case 'welcome':
        return welcomed(message);
      case 'ack':
        answered();
        stored(outbox.ack(message.seq, message.window));
        return pump();
      case 'nack':
        answered();
        refused(message.seq, message.code, message.message);
        return pump();
      case 'time':
        setClock(message.serverTime);
        return emit({ event: 'time', serverTime: message.serverTime });
      case 'command':
        return carryOut(message);
      default:
        message satisfies never;
    }
  }

  function welcomed({ lastSeq, window, serverTime, keepaliveSeconds }: DownMessage & { type: 'welcome' }): void {
    if (state !== 'connecting') return;
    state = 'linked';
    linkedAt = timing.elapsedMs();
    setClock(serverTime);
    keepalive = keepaliveSeconds * 1000;
    emit({ event: 'welcome', lastSeq });
    if (options.hello !== undefined) socket?.send(JSON.stringify({ type: 'hello', ...options.hello }));
    declare();
    const { stored: done, renumbered } = outbox.welcome(lastSeq, window);
    stored(done);
    if (renumbered.length > 0) void kept(journal.put(renumbered));
    pump();
  }

  /** Tables are declared on each link, since nobody says that one arrived (J-5). */
  function declare(): void {
    if (table !== null && state === 'linked') socket?.send(JSON.stringify({ type: 'metrics', ...table }));
  }

  function answered(): void {
    held = true;
    waitingSince = timing.elapsedMs();
  }

  function stored(frames: readonly Numbered<Reading>[]): void {
    if (frames.length === 0) return;
    void kept(journal.remove(frames));
    for (const { seq } of frames) emit({ event: 'acked', seq });
    drained();
  }

  function drained(): void {
    if (outbox.size() === 0) for (const resolve of whenDrained.splice(0)) resolve();
  }

  function refused(seq: number, code: string, message: string): void {
    const frame = outbox.nack(seq);
    if (frame !== null) void kept(journal.remove([frame]));
    emit({ event: 'nacked', seq, code, message });
    drained();
  }

  /** Numbers are written down before they are given: a restart in between must not give them again to other readings. */
  function pump(): void {
    if (state !== 'linked' || socket === null) return;
    if (outbox.inFlight() === 0) waitingSince = timing.elapsedMs();
    const taken = outbox.take();
    if (taken.length === 0) return;
    const link = socket;
    void kept(journal.give(outbox.highestGiven())).then(() => {
      for (const numbered of taken) if (link === socket) sendFrame(link, numbered);
    });
  }

  function sendFrame(link: Socket, { seq, frame }: Numbered<Reading>): void {
    link.send(encodeReading(frame, seq, encoding, table, gatewayOffsetMs));
    emit({ event: 'sent', seq });
  }

  function carryOut(command: Command): void {
    void kept(commands.receive(command));
  }

  /** What cannot be told now is asked for again on the next link (C-2). */
  function tell(update: CommandUpdate): void {
    if (state !== 'linked') return;
    socket?.send(encoding === 'binary' && isUuid(update.id) ? encodeUpdate(update) : JSON.stringify(update));
  }

  function askTime(): void {
    socket?.send(encoding === 'binary' ? encodeTimeRequest(0) : '{"type":"time","echo":0}');
  }

  /** A storage that fails leaves the client as good as one in memory; whoever listens is told. */
  async function kept(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      emit({ event: 'storage_failed', error });
    }
  }

  function leave(next: 'asleep' | 'stopped', reason: string): void {
    cancelTimer();
    state = next;
    socket?.close(1000, reason);
  }

  connect();
  return {
    /**
     * Keeps a reading until it is acknowledged. `ts` in Unix ms; absent or at most 0: its age in ms, from which its time is
     * reckoned by the gateway's clock. False where the buffer is full, and then it is not kept.
     */
    send(values: Values, ts = 0): boolean {
      const time = ts > 0 ? { ts: Math.round(ts) } : { measuredAt: timing.elapsedMs() + ts };
      const numbered = outbox.push({ values, time });
      if (numbered === null) return false;
      void kept(journal.put([numbered]));
      pump();
      return true;
    },

    /** Resolves when the gateway has answered for all that is kept. */
    drained: (): Promise<void> =>
      new Promise((resolve) => {
        whenDrained.push(resolve);
        drained();
      }),

    /** The metric table from now on. */
    declareMetrics(next: MetricTable): void {
      table = next;
      declare();
    },

    /** Ends a wait or a sleep now, as when the network is there again. */
    reconnect(): void {
      if (state === 'asleep' && socket !== null) socket.abandon();
      if (state === 'waiting' || state === 'asleep') connect();
    },

    /** Closes with the time of its return, and comes back then. */
    sleep(backInMs: number): void {
      if (state === 'stopped') return;
      leave('asleep', JSON.stringify({ backInMs }));
      cancelTimer = timing.after(backInMs, connect);
    },

    /** Says goodbye; resolves when the link is closed and all is written down. */
    async stop(): Promise<void> {
      const closed = new Promise<void>((resolve) => {
        whenStopped = resolve;
      });
      leave('stopped', '');
      if (socket !== null) await closed;
      await journal.settled();
    },

    /** Asks for the gateway's time; event `time` is the answer. */
    askTime,
    state: (): State => state,
    /** Readings kept. */
    unacked: (): number => outbox.size(),
    /** Unix ms by the gateway's clock, as far as it is known. */
    serverNow,
  };
}

function globalWebSocket(): NativeSocketClass {
  const { WebSocket } = globalThis as { WebSocket?: NativeSocketClass };
  if (WebSocket === undefined)
    throw new Error('There is no global WebSocket (Node 22 has one): pass that of the package ws as options.WebSocket');
  return WebSocket;
}
