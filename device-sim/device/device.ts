import { decodeDown } from '../../schemas/frame/decode.js';
import { encodeCommandUpdate, encodeTimeRequest } from '../../schemas/frame/encode.js';
import { parseDownMessage } from '../../schemas/message/down.js';
import { limits } from '../../schemas/tables/limits.js';
import type { Encoding } from '../../schemas/tables/subprotocols.js';
import type { Command, CommandHandlers, CommandUpdate } from './command.js';
import type { CommandStore } from './commandStore.js';
import { createCommands } from './commands.js';
import { type Link, openLink } from './link.js';
import { createOutbox } from './outbox.js';
import { type Ending, reconnectDelayMs } from './reconnect.js';
import { createSecrets, isAboutSecret, withBuiltIns } from './secrets.js';
import { systemTiming, type Timing } from './timing.js';

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
  /** Several, the newest first, where an earlier run did not see the newest work. */
  secret: string | readonly string[];
  /** None: the gateway names one for each link, which makes delivery at-least-once. */
  stream?: string;
  encoding: Encoding;
  /** Source address, for fleets larger than the ports of one. */
  localAddress?: string;
  /** Declared on each link, before any frame. */
  metrics?: Metric[];
  /** The number of that table; none: table 0, of the link alone. */
  table?: number;
  hello?: {
    agent?: string;
    firmware?: string;
    maxCommandBytes?: number;
    expectEveryMs?: number;
    attributes?: Record<string, string | number | boolean>;
  };
  commands?: CommandHandlers;
  /** Where commands are written down; none: they are forgotten with the process. */
  commandStore?: CommandStore;
  /** Frames kept until they are acknowledged. */
  framesMax?: number;
  random(): number;
  timing?: Timing;
  acked?(frame: Frame, seq: number): void;
  nacked?(frame: Frame, seq: number, code: string): void;
  stateChanged?(state: DeviceState): void;
  /** A command came; its handler runs whether anyone listens or not. False: it is as if it had not come. */
  commanded?(command: Command): unknown;
  /** The device's word about a command, before it is sent; it may be lost on the way. */
  answered?(update: CommandUpdate): void;
  /** The secrets to start with next time, the newest first; to be written down before this returns. */
  secretsChanged?(secrets: readonly string[]): void;
  /** Up: after the welcome. Down: with the reason. */
  linked?(lastSeq: number): void;
  unlinked?(ending: Ending): void;
}

/** `waiting`: for the next attempt. `linked`: from the welcome on. */
export type DeviceState = 'idle' | 'connecting' | 'waiting' | 'linked' | 'stopped';

const framesMaxByDefault = 10_000;

const watchEveryMs = 5_000;

/** A link that lived so long has held, though nothing was acknowledged on it. */
const heldMs = 60_000;

/** Command ids are UUIDs; a later gateway may have others, which only text can carry. */
const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The one client of the protocol: connects, numbers, keeps until acknowledged, resends, comes back. */
export function createDevice<Frame extends OutgoingFrame>(options: DeviceOptions<Frame>) {
  const { encoding, random } = options;
  const timing = options.timing ?? systemTiming;
  const outbox = createOutbox<Frame>({
    framesMax: options.framesMax ?? framesMaxByDefault,
    acked: (frame, seq) => options.acked?.(frame, seq),
    nacked: (frame, seq, code) => options.nacked?.(frame, seq, code),
  });
  const secrets = createSecrets(options.secret, (kept) => options.secretsChanged?.(kept));
  const commands = createCommands(
    withBuiltIns(options.commands ?? {}, secrets),
    serverNow,
    sendUpdate,
    options.commandStore,
  );
  const url = options.stream === undefined ? options.url : `${options.url}?stream=${options.stream}`;
  let state: DeviceState = 'idle';
  let link: Link | null = null;
  let failures = 0;
  let cancelTimer = (): void => {};
  let heardAt = 0;
  /** Since when the oldest unacknowledged frame waits, or since the gateway last answered one. */
  let waitingSince = 0;
  let linkedAt = 0;
  let answered = false;
  let secretInUse = '';
  /** The last link ended, or was not opened, for its secret. */
  let wasRefused = false;
  /** The gateway's time, and when it was told. A clock that is set anew does not disturb it. */
  let serverTimeToldMs = timing.now();
  let toldAt = timing.elapsedMs();
  let sleepMs: number | null = null;
  let stopping: Promise<void> | null = null;
  let stopped = (): void => {};

  function enter(next: DeviceState): void {
    state = next;
    options.stateChanged?.(next);
  }

  function connect(): void {
    answered = false;
    linkedAt = Number.POSITIVE_INFINITY;
    heardAt = timing.elapsedMs();
    secretInUse = secrets.current();
    link = openLink(
      {
        url,
        id: options.id,
        secret: secretInUse,
        subprotocol: `tidegate.v1.${encoding}`,
        localAddress: options.localAddress,
      },
      { text: receiveText, bytes: receiveBytes, pinged: heard, ended },
    );
    cancelTimer = timing.after(watchEveryMs, watch);
    enter('connecting');
  }

  function ended(ending: Ending): void {
    cancelTimer();
    link = null;
    outbox.unlinked();
    options.unlinked?.(ending);
    if (state === 'stopped') return stopped();
    // A welcome alone is no success: a gateway that is overloaded may close after it, again and again.
    if (answered || timing.elapsedMs() - linkedAt >= heldMs) failures = 0;
    wasRefused = isAboutSecret(ending);
    cancelTimer = timing.after(comeBackMs(ending), connect);
    enter('waiting');
  }

  function wake(): void {
    if (state !== 'waiting') return;
    cancelTimer();
    connect();
  }

  /** With another secret at hand there is no reason to come back slowly. */
  function comeBackMs(ending: Ending): number {
    const slept = sleepMs;
    sleepMs = null;
    if (slept !== null) return slept;
    const hasAnother = wasRefused && secrets.refused(secretInUse);
    return reconnectDelayMs(hasAnother ? { kind: 'failed', cause: 'old secret' } : ending, failures++, random);
  }

  /** No word for 75 s, or an ack overdue for 30 s: the link is dead, whatever TCP says. */
  function watch(): void {
    const now = timing.elapsedMs();
    const silent = now - heardAt >= limits.deviceSilenceSeconds * 1000;
    const overdue = outbox.inFlight() > 0 && now - waitingSince >= limits.ackOverdueSeconds * 1000;
    cancelTimer = timing.after(watchEveryMs, watch);
    if (silent || overdue) link?.terminate();
  }

  function heard(): void {
    heardAt = timing.elapsedMs();
  }

  function receiveText(text: string): void {
    heard();
    const message = parseDownMessage(text);
    if (message === undefined) return;
    if (message.type === 'command') command(message);
    else receive(message);
  }

  function receiveBytes(bytes: Uint8Array): void {
    heard();
    const frame = decodeDown(bytes);
    if (frame === undefined) return;
    if (frame.type === 'command') command({ ...frame, params: frame.params as Command['params'] });
    else receive(frame);
  }

  function receive(message: Answer): void {
    switch (message.type) {
      case 'welcome':
        return welcome(message.lastSeq, message.window, message.serverTime);
      case 'ack':
        gotAnswer();
        outbox.ack(message.seq, message.window ?? 0);
        return pump();
      case 'nack':
        gotAnswer();
        outbox.nack(message.seq, message.code);
        return pump();
      case 'time':
        return setServerTime(message.serverTime);
      default:
        message satisfies never;
    }
  }

  function gotAnswer(): void {
    answered = true;
    waitingSince = timing.elapsedMs();
  }

  function command(received: Command): void {
    if (options.commanded?.(received) !== false) void commands.receive(received);
  }

  function setServerTime(unixMs: number): void {
    serverTimeToldMs = unixMs;
    toldAt = timing.elapsedMs();
  }

  function serverNow(): number {
    return serverTimeToldMs + timing.elapsedMs() - toldAt;
  }

  function welcome(lastSeq: number, window: number, serverTime: number): void {
    if (state !== 'connecting') return;
    linkedAt = timing.elapsedMs();
    setServerTime(serverTime);
    secrets.worked(secretInUse);
    enter('linked');
    const { hello, metrics, table } = options;
    if (hello !== undefined) link?.send(JSON.stringify({ type: 'hello', ...hello }));
    if (metrics !== undefined) link?.send(JSON.stringify({ type: 'metrics', table, metrics }));
    outbox.welcome(lastSeq, window);
    options.linked?.(lastSeq);
    pump();
  }

  function pump(): void {
    if (link === null || state !== 'linked') return;
    if (outbox.inFlight() === 0) waitingSince = timing.elapsedMs();
    for (let next = outbox.take(); next !== null; next = outbox.take()) link.send(next.frame.encode(next.seq));
  }

  /** What cannot be sent now is asked for again: the outcome is kept (C-3). */
  function sendUpdate(update: CommandUpdate): void {
    options.answered?.(update);
    if (state !== 'linked') return;
    const message = { type: 'command_update' as const, ...update };
    const asBinary = encoding === 'binary' && uuidPattern.test(update.id);
    link?.send(asBinary ? encodeCommandUpdate(message) : JSON.stringify(message));
  }

  function away(ms: number, leave: () => void): void {
    if (state === 'idle' || state === 'stopped') return;
    if (link !== null) {
      sleepMs = ms;
      return leave();
    }
    cancelTimer();
    cancelTimer = timing.after(ms, connect);
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
      const message = { type: 'time' as const, echo };
      link?.send(encoding === 'binary' ? encodeTimeRequest(message) : JSON.stringify(message));
    },

    /** Says goodbye; resolves when the link is closed. `reason` may be {"backInMs":n}. */
    stop(reason = ''): Promise<void> {
      if (stopping !== null) return stopping;
      cancelTimer();
      stopping = new Promise((resolve) => {
        stopped = resolve;
      });
      enter('stopped');
      if (link === null) stopped();
      else link.close(1000, reason);
      return stopping;
    },

    /** Cuts the link without a goodbye, as a power cut does; it comes back as after any lost link. */
    drop(): void {
      link?.terminate();
    },

    /** Without power for so long: the link is cut and not missed before. */
    outage(ms: number): void {
      away(ms, () => link?.terminate());
    },

    /** A power cycle without memory of the numbering: the link is cut, what waits is kept and numbered anew (N-4). */
    reboot(ms?: number): void {
      outbox.forget();
      if (ms === undefined) link?.terminate();
      else away(ms, () => link?.terminate());
    },

    /** Says goodbye and comes back after so long. */
    sleep(ms: number): void {
      away(ms, () => link?.close(1000, JSON.stringify({ backInMs: ms })));
    },

    /** Comes back at once where it waits to. */
    wake,

    /** Uses it from the next connect, which is now where the last was refused; the one before is kept until it has worked. */
    rotate(secret: string): void {
      secrets.rotate(secret);
      if (wasRefused) wake();
    },

    state: (): DeviceState => state,
    /** The open link, for simulators to misuse. */
    link: (): Link | null => (state === 'linked' ? link : null),
    /** The highest number that was acknowledged. */
    ackedSeq: outbox.acked,
    unacked: (): number => outbox.size(),
    /** Unix ms by the gateway's clock, as far as the device knows it. */
    serverNow,
  };
}

export type Device<Frame extends OutgoingFrame = OutgoingFrame> = ReturnType<typeof createDevice<Frame>>;

/** What both encodings carry alike. */
type Answer =
  | { type: 'welcome'; lastSeq: number; window: number; serverTime: number }
  | { type: 'ack'; seq: number; window?: number }
  | { type: 'nack'; seq: number; code: string }
  | { type: 'time'; serverTime: number };
