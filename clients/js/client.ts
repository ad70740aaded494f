/**
 * The Tidegate client for browsers and Node: `connectDevice` is where to begin. clients/js/ holds what a JavaScript program needs
 * to be a device, without any dependency; the protocol itself is in core/, which the simulator uses too.
 */
import { encodeTimeRequest, encodeUpdate, isUuid, readBytes } from './binaryMessages.js';
import { createCommandMemory } from './commandMemory.js';
import type { CommandHandler } from './core/command.js';
import { CommandRunner } from './core/commandRunner.js';
import type { CommandUpdate, Encoding } from './core/messages.js';
import { type Numbered, Outbox } from './core/outbox.js';
import type { Ending, ReconnectDelay } from './core/reconnect.js';
import { type LinkEvents, Session, type SessionState } from './core/session.js';
import { systemTiming, type Timing } from './core/timing.js';
import { Journal } from './journal.js';
import { readText } from './jsonMessages.js';
import { checkValues, encodeReading, type MetricTable, type Reading, type Values } from './readings.js';
import { type NativeSocketClass, type Socket, type SocketKind, socketKindOf, type WsSocketClass } from './socket.js';
import { memoryStorage, type Storage } from './storage.js';

export { CommandFailure, type CommandHandler } from './core/command.js';
export type { Command, CommandError, Encoding } from './core/messages.js';
export type { Ending } from './core/reconnect.js';
export type { SessionState } from './core/session.js';
export type { Timing } from './core/timing.js';
export type { Metric, MetricTable, Values } from './readings.js';
export type { Socket, SocketEvents, SocketKind, SocketRequest } from './socket.js';
export { type Change, memoryStorage, type Storage, type WebStorage, webStorage } from './storage.js';

/** A device of a Tidegate gateway, as `connectDevice` returns it. */
export interface Client {
  /**
   * Keeps one reading per value until the gateway has acknowledged it, and sends it as soon as it may. `ts` is Unix ms. A `ts` of
   * 0 or below is an age in ms, and the time is computed from the gateway's clock; without `ts` the age is 0. Returns false if the
   * buffer is full: the reading is then not kept.
   */
  send(values: Values, ts?: number): boolean;
  /** Resolves when the gateway has acknowledged or refused every reading that is kept. */
  drained(): Promise<void>;
  /** Declares another metric table, now and on each later link. */
  declareMetrics(table: MetricTable): void;
  /** Ends a wait or a sleep now, for example because the network is back. */
  reconnect(): void;
  /** Closes the link, says when the device will be back, and comes back after that many milliseconds. */
  sleep(backInMs: number): void;
  /** Closes the link for good. Resolves when it is closed and everything is saved. */
  stop(): Promise<void>;
  /** Asks for the gateway's time. The event `time` is the answer. Without effect if there is no link. */
  askTime(): void;
  /** `linked` means: readings go out now. */
  state(): SessionState;
  /** Readings that are kept because the gateway has not answered them yet. */
  unacked(): number;
  /** Unix ms by the gateway's clock. Before the first link it is the device's own clock. */
  serverNow(): number;
}

/** What `connectDevice` needs to know. */
export interface ClientOptions {
  /** Where devices connect: `ws://host:port/v1/device`, or `wss:`. */
  url: string;
  /** The id with which the device is registered. */
  id: string;
  /** The device's secret, `tgd_…`. */
  secret: string;
  /** The name of the log that the device numbers. Without one the gateway makes one per link, and a reading may be stored twice. */
  stream?: string;
  /** `json` by default. */
  encoding?: Encoding;
  /** The metric table: units, and the scales of binary frames. */
  metrics?: MetricTable;
  /** How the device introduces itself on each link (H-9). */
  hello?: {
    agent?: string;
    firmware?: string;
    expectEveryMs?: number;
    attributes?: Record<string, string | number | boolean>;
  };
  /** What runs a command, by the name of the command. */
  commands?: Record<string, CommandHandler>;
  /** Where numbers, readings and outcomes of commands survive a restart; by default they are only in memory. */
  storage?: Storage;
  /** How many readings are kept; 10,000 by default. */
  framesMax?: number;
  /** The class of the package ws, or one like a browser's; the global one by default. */
  WebSocket?: NativeSocketClass | WsSocketClass;
  /** How links are opened, in place of a class. */
  socketKind?: SocketKind;
  /** Called with everything that happens to the client. */
  event?(event: ClientEvent): void;
  /** Clocks and timers, for tests. */
  timing?: Timing;
  /** The wait before the next attempt, in ms; by default that of. */
  delayMs?: ReconnectDelay;
  /** A number in [0, 1), for tests; `Math.random` by default. */
  random?(): number;
}

/** What happens to a client. */
export type ClientEvent =
  /** An attempt begins. */
  | { event: 'connecting' }
  /** The link is open. The gateway has stored every frame up to `lastSeq`. */
  | { event: 'welcome'; lastSeq: number }
  /** A reading went out under this number. */
  | { event: 'sent'; seq: number }
  /** The reading is on the gateway's disk. */
  | { event: 'acked'; seq: number }
  /** The gateway refused the reading for good. */
  | { event: 'nacked'; seq: number; code: string; message: string }
  /** The link ended; code 1006 if there was no close frame, or no connection. */
  | { event: 'closed'; code: number; reason: string }
  /** The gateway refused the connection with this HTTP status. */
  | { event: 'refused'; status: number }
  /** The next attempt is in `ms` milliseconds. */
  | { event: 'waiting'; ms: number }
  /** The action of a command begins. */
  | { event: 'executed'; id: string; name: string }
  /** The gateway said its time, Unix ms. */
  | { event: 'time'; serverTime: number }
  /** The storage could not be written. The client continues as if it had none. */
  | { event: 'storage_failed'; error: unknown };

const framesMaxByDefault = 10_000;

/**
 * Connects a device: it numbers readings, keeps each one until the gateway has stored it, sends it again after a lost link,
 * reconnects, and runs commands (schemas/PROTOCOL.md). Resolves when the storage is read; the link may be open later. Rejects if
 * the storage cannot be read, or if there is no WebSocket class.
 */
export async function connectDevice(options: ClientOptions): Promise<Client> {
  const socketKind = options.socketKind ?? socketKindOf(options.WebSocket ?? globalWebSocket());
  const journal = await Journal.open(options.storage ?? memoryStorage(), options.timing ?? systemTiming);
  const client = new DeviceClient(options, socketKind, journal);
  client.start();
  return client;
}

class DeviceClient implements Client {
  readonly #options: ClientOptions;
  readonly #encoding: Encoding;
  readonly #socketKind: SocketKind;
  readonly #journal: Journal;
  readonly #timing: Timing;
  readonly #outbox: Outbox<Reading>;
  readonly #commands: CommandRunner;
  readonly #session: Session<Reading, Socket>;
  #table: MetricTable | null;
  /** The gateway refused the table on this link, so readings are sent as JSON, which needs none (J-15). */
  #isTableRefused = false;
  #resolvesWhenDrained: (() => void)[] = [];

  constructor(options: ClientOptions, socketKind: SocketKind, journal: Journal) {
    this.#options = options;
    this.#encoding = options.encoding ?? 'json';
    this.#socketKind = socketKind;
    this.#journal = journal;
    this.#timing = options.timing ?? systemTiming;
    this.#table = options.metrics ?? null;
    this.#outbox = new Outbox(options.framesMax ?? framesMaxByDefault, journal.numbering);
    this.#commands = new CommandRunner({
      handlers: options.commands ?? {},
      memory: createCommandMemory(journal.texts, (changes) => journal.write(changes)),
      gatewayNow: () => this.serverNow(),
      report: (update) => this.#report(update),
      executed: ({ id, name }) => this.#emit({ event: 'executed', id, name }),
      memoryFailed: (error) => this.#emit({ event: 'storage_failed', error }),
    });
    this.#session = new Session<Reading, Socket>({
      outbox: this.#outbox,
      seesPings: socketKind.seesPings,
      timing: this.#timing,
      random: () => options.random?.() ?? Math.random(),
      delayMs: options.delayMs,
      owner: {
        open: (events) => this.#open(events),
        welcomed: (link, lastSeq) => this.#welcomed(link, lastSeq),
        transmit: (link) => this.#transmit(link),
        askTime: (link) => link.send(this.#encoding === 'binary' ? encodeTimeRequest(0) : '{"type":"time","echo":0}'),
        stored: (frames) => this.#stored(frames),
        renumbered: (frames) => this.#save(journal.saveFrames(frames)),
        nacked: (frame, nack) => this.#nacked(frame, nack),
        commanded: (command) => void this.#commands.receive(command),
        timeTold: (serverTime) => this.#emit({ event: 'time', serverTime }),
        ended: (ending) => this.#emit(eventOf(ending)),
        waits: (ms) => this.#emit({ event: 'waiting', ms }),
        entered: (state) => state === 'connecting' && this.#emit({ event: 'connecting' }),
      },
    });
  }

  start(): void {
    this.#session.start();
  }

  send(values: Values, ts = 0): boolean {
    checkValues(values);
    const time = ts > 0 ? { ts: Math.round(ts) } : { measuredAt: this.#timing.elapsedMs() + ts };
    const numbered = this.#outbox.push({ values, time });
    if (numbered === null) return false;
    this.#save(this.#journal.saveFrames([numbered]));
    this.#session.pump();
    return true;
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolvesWhenDrained.push(resolve);
      this.#resolveIfDrained();
    });
  }

  declareMetrics(table: MetricTable): void {
    this.#table = table;
    if (this.#session.link !== null) this.#declareTable(this.#session.link);
  }

  reconnect(): void {
    this.#session.wake();
  }

  sleep(backInMs: number): void {
    this.#session.sleep(backInMs);
  }

  async stop(): Promise<void> {
    await this.#session.stop();
    await this.#journal.flushed();
  }

  askTime(): void {
    this.#session.askTime();
  }

  state(): SessionState {
    return this.#session.state;
  }

  unacked(): number {
    return this.#outbox.size;
  }

  serverNow(): number {
    return this.#session.clock.now();
  }

  #emit(event: ClientEvent): void {
    this.#options.event?.(event);
  }

  #open({ received, pinged, ended }: LinkEvents): Socket {
    const { url, stream, id, secret } = this.#options;
    return this.#socketKind.open(
      { url: stream === undefined ? url : `${url}?stream=${stream}`, id, secret, encoding: this.#encoding },
      { text: (text) => received(readText(text)), bytes: (bytes) => received(readBytes(bytes)), pinged, ended },
    );
  }

  #welcomed(link: Socket, lastSeq: number): void {
    this.#emit({ event: 'welcome', lastSeq });
    const { hello } = this.#options;
    if (hello !== undefined) link.send(JSON.stringify({ type: 'hello', ...hello }));
    this.#declareTable(link);
  }

  /** A table is declared on each link, because the gateway does not confirm it (J-5). */
  #declareTable(link: Socket): void {
    this.#isTableRefused = false;
    if (this.#table !== null) link.send(JSON.stringify({ type: 'metrics', ...this.#table }));
  }

  /** A number is saved before it is given: after a restart it must not be given to another reading (N-16). */
  #transmit(link: Socket): void {
    const taken: Numbered<Reading>[] = [];
    for (let next = this.#outbox.take(); next !== null; next = this.#outbox.take()) taken.push(next);
    if (taken.length === 0) return;
    const saved = this.#attempt(this.#journal.saveHighestGiven(this.#outbox.highestGiven));
    void saved.then(() => {
      for (const numbered of taken) if (link === this.#session.link) this.#sendFrame(link, numbered);
    });
  }

  #sendFrame(link: Socket, { seq, frame }: Numbered<Reading>): void {
    const table = this.#isTableRefused ? null : this.#table;
    link.send(encodeReading(frame, seq, this.#encoding, table, this.#session.clock.offsetMs));
    this.#emit({ event: 'sent', seq });
  }

  #stored(frames: readonly Numbered<Reading>[]): void {
    this.#save(this.#journal.removeFrames(frames));
    for (const { seq } of frames) this.#emit({ event: 'acked', seq });
    this.#resolveIfDrained();
  }

  #nacked(
    frame: Numbered<Reading> | null,
    { seq, code, message }: { seq: number; code: string; message: string },
  ): void {
    if (seq === 0 && code === 'schema_invalid' && this.#encoding === 'binary') this.#isTableRefused = true;
    if (frame !== null) this.#save(this.#journal.removeFrames([frame]));
    if (frame !== null && code === 'metric_unknown' && this.#isTableRefused) this.#sendAgain(frame.frame);
    this.#emit({ event: 'nacked', seq, code, message });
    this.#resolveIfDrained();
  }

  /** Its readings go out once more as JSON, under a new number: the gateway could not read them by the table (J-15). */
  #sendAgain(reading: Reading): void {
    const numbered = this.#outbox.push(reading);
    if (numbered !== null) this.#save(this.#journal.saveFrames([numbered]));
  }

  #resolveIfDrained(): void {
    if (this.#outbox.size > 0) return;
    for (const resolve of this.#resolvesWhenDrained.splice(0)) resolve();
  }

  /** An update that cannot be sent now is asked for again on the next link (C-2). */
  #report(update: CommandUpdate): void {
    const isBinary = this.#encoding === 'binary' && isUuid(update.id);
    this.#session.link?.send(isBinary ? encodeUpdate(update) : JSON.stringify({ type: 'command_update', ...update }));
  }

  #save(write: Promise<void>): void {
    void this.#attempt(write);
  }

  /** Resolves when the write has ended. If it failed, the client continues as if it had no storage. */
  async #attempt(write: Promise<void>): Promise<void> {
    try {
      await write;
    } catch (error) {
      this.#emit({ event: 'storage_failed', error });
    }
  }
}

function eventOf(ending: Ending): ClientEvent {
  switch (ending.kind) {
    case 'refused':
      return { event: 'refused', status: ending.status };
    case 'closed':
      return { event: 'closed', code: ending.code, reason: ending.reason };
    case 'failed':
      return { event: 'closed', code: 1006, reason: ending.cause };
    default:
      return ending satisfies never;
  }
}

function globalWebSocket(): NativeSocketClass {
  const { WebSocket } = globalThis as { WebSocket?: NativeSocketClass };
  if (WebSocket === undefined)
    throw new Error(
      'There is no global WebSocket class (Node has one from version 22 on): pass that of the package ws as options.WebSocket',
    );
  return WebSocket;
}
