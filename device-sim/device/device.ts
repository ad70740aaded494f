/**
 * A device of the simulator, on real WebSockets of the package ws. The protocol is that of clients/js/core; device/ adds what
 * only the simulator needs: several secrets, commands in a file, and links that can be misused. It knows nothing about fleets.
 */
import type { CommandHandlers, CommandMemory } from '../../clients/js/core/command.js';
import { noMemory } from '../../clients/js/core/command.js';
import { CommandRunner } from '../../clients/js/core/commandRunner.js';
import type { Command, CommandUpdate, DownMessage, Encoding } from '../../clients/js/core/messages.js';
import { type Numbered, Outbox } from '../../clients/js/core/outbox.js';
import { type Ending, lostLink, reconnectDelayMs } from '../../clients/js/core/reconnect.js';
import { type LinkEvents, Session, type SessionState } from '../../clients/js/core/session.js';
import { systemTiming, type Timing } from '../../clients/js/core/timing.js';
import { decodeDown } from '../../schemas/frame/decode.js';
import { encodeCommandUpdate, encodeTimeRequest } from '../../schemas/frame/encode.js';
import { parseDownMessage } from '../../schemas/message/down.js';
import { type Link, openLink } from './link.js';
import { createSecrets, isAboutSecret, type Secrets, withBuiltIns } from './secrets.js';

/** A frame that can be encoded under any number: as text for JSON, as bytes for binary. */
export interface OutgoingFrame {
  encode(seq: number): string | Uint8Array;
}

/** One metric of a metric table (J-5). */
export interface Metric {
  name: string;
  unit?: string;
  scale?: number;
}

/** What a simulated device is made of, and the callbacks that it calls. */
export interface DeviceOptions<Frame extends OutgoingFrame> {
  /** ws://host:port/v1/device */
  url: string;
  id: string;
  /** One secret; or several, the newest first, if an earlier process did not see the newest one work. */
  secret: string | readonly string[];
  /** Without one the gateway makes a stream per link, and a frame may be stored twice. */
  stream?: string;
  encoding: Encoding;
  /** The source address, for fleets that need more ports than one address has. */
  localAddress?: string;
  /** The metric table, declared on each link before any frame. */
  metrics?: Metric[];
  /** The number of that table; without one it is table 0 of the link alone. */
  table?: number;
  /** How the device introduces itself on each link (H-9). */
  hello?: {
    agent?: string;
    firmware?: string;
    maxCommandBytes?: number;
    expectEveryMs?: number;
    attributes?: Record<string, string | number | boolean>;
  };
  commands?: CommandHandlers;
  /** Where commands are remembered; by default they are forgotten when the process ends. */
  commandStore?: CommandMemory;
  /** How many frames are kept until they are acknowledged; 10,000 by default. */
  framesMax?: number;
  /** A number in [0, 1). */
  random(): number;
  timing?: Timing;
  acked?(frame: Frame, seq: number): void;
  nacked?(frame: Frame, seq: number, code: string): void;
  stateChanged?(state: SessionState): void;
  /** A command came. If it returns false, the device behaves as if the command had not come. */
  commanded?(command: Command): unknown;
  /** The device reports about a command. The report may be lost on its way. */
  answered?(update: CommandUpdate): void;
  /** The secrets for the next start, the newest first. They must be saved when this returns. */
  secretsChanged?(secrets: readonly string[]): void;
  /** A link has its welcome. */
  linked?(lastSeq: number): void;
  /** A link ended, or was not opened. */
  unlinked?(ending: Ending): void;
}

/** A device of the simulator. */
export interface Device<Frame extends OutgoingFrame = OutgoingFrame> {
  /** Connects. Without effect if it was started before. */
  start(): void;
  /** Keeps a frame until it is acknowledged. False if the buffer is full: the frame is then not kept. */
  send(frame: Frame): boolean;
  /** Asks for the gateway's time; the answer has the same `echo`. Without effect if there is no link. */
  askTime(echo: number): void;
  /** Closes the link for good. Resolves when it is closed. `reason` may be `{"backInMs":n}`. */
  stop(reason?: string): Promise<void>;
  /** Drops the link without a close frame, as a power cut does. The device comes back as after any lost link. */
  drop(): void;
  /** Drops the link, and comes back after this time: a device without power. */
  outage(ms: number): void;
  /** Restarts without memory of the numbering: drops the link, keeps the frames, and numbers them again (N-4). With `ms`: after this time. */
  reboot(ms?: number): void;
  /** Closes the link with the time of the return, and comes back then. */
  sleep(ms: number): void;
  /** Ends a wait or a sleep now. */
  wake(): void;
  /**
   * Takes a new secret for the next connection attempt. If the last attempt was refused because of the secret, that attempt is now.
   * The older secret is kept until the new one has worked.
   */
  rotate(secret: string): void;
  state(): SessionState;
  /** The open link, for simulated faults; else null. */
  link(): Link | null;
  /** The highest number that was acknowledged. */
  ackedSeq(): number;
  /** Frames without an ack or nack. */
  unacked(): number;
  /** Unix ms by the gateway's clock, as far as the device knows it. */
  serverNow(): number;
}

const framesMaxByDefault = 10_000;

/** Command ids are UUIDs. Another id, of a later gateway, can only be sent as text. */
const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A device that is `idle` until it is started. */
export function createDevice<Frame extends OutgoingFrame>(options: DeviceOptions<Frame>): Device<Frame> {
  return new SimulatedDevice(options);
}

class SimulatedDevice<Frame extends OutgoingFrame> implements Device<Frame> {
  readonly #options: DeviceOptions<Frame>;
  readonly #outbox: Outbox<Frame>;
  readonly #secrets: Secrets;
  readonly #commands: CommandRunner;
  readonly #session: Session<Frame, Link>;
  /** The secret of the newest link. */
  #secretInUse = '';
  /** The last link ended, or was not opened, because of its secret. */
  #wasRefused = false;
  #ackedSeq = 0;

  constructor(options: DeviceOptions<Frame>) {
    this.#options = options;
    this.#outbox = new Outbox(options.framesMax ?? framesMaxByDefault);
    this.#secrets = createSecrets(options.secret, (secrets) => options.secretsChanged?.(secrets));
    this.#commands = new CommandRunner({
      handlers: withBuiltIns(options.commands ?? {}, this.#secrets),
      memory: options.commandStore ?? noMemory,
      gatewayNow: () => this.serverNow(),
      report: (update) => this.#report(update),
    });
    this.#session = new Session<Frame, Link>({
      outbox: this.#outbox,
      seesPings: true,
      timing: options.timing ?? systemTiming,
      random: options.random,
      delayMs: (ending, failures, random) => reconnectDelayMs(this.#endingForDelay(ending), failures, random),
      owner: {
        open: (events) => this.#open(events),
        welcomed: (link, lastSeq) => this.#welcomed(link, lastSeq),
        transmit: (link) => this.#transmit(link),
        askTime: (link) => this.#askTime(link, 0),
        stored: (frames) => this.#stored(frames),
        renumbered: () => {},
        nacked: (numbered, { seq, code }) => numbered !== null && options.nacked?.(numbered.frame, seq, code),
        commanded: (command) => this.#commanded(command),
        ended: (ending) => this.#ended(ending),
        entered: (state) => options.stateChanged?.(state),
      },
    });
  }

  start(): void {
    this.#session.start();
  }

  send(frame: Frame): boolean {
    const isKept = this.#outbox.push(frame) !== null;
    this.#session.pump();
    return isKept;
  }

  askTime(echo: number): void {
    const { link } = this.#session;
    if (link !== null) this.#askTime(link, echo);
  }

  stop(reason = ''): Promise<void> {
    return this.#session.stop(reason);
  }

  drop(): void {
    this.#session.drop();
  }

  outage(ms: number): void {
    this.#session.outage(ms);
  }

  reboot(ms?: number): void {
    this.#outbox.forget();
    if (ms === undefined) this.#session.drop();
    else this.#session.outage(ms);
  }

  sleep(ms: number): void {
    this.#session.sleep(ms);
  }

  wake(): void {
    this.#session.wake();
  }

  rotate(secret: string): void {
    this.#secrets.rotate(secret);
    if (this.#wasRefused && this.#session.state === 'waiting') this.#session.wake();
  }

  state(): SessionState {
    return this.#session.state;
  }

  link(): Link | null {
    return this.#session.link;
  }

  ackedSeq(): number {
    return this.#ackedSeq;
  }

  unacked(): number {
    return this.#outbox.size;
  }

  serverNow(): number {
    return this.#session.clock.now();
  }

  #open({ received, pinged, ended }: LinkEvents): Link {
    const { url, stream, id, localAddress, encoding } = this.#options;
    this.#secretInUse = this.#secrets.current();
    return openLink(
      {
        url: stream === undefined ? url : `${url}?stream=${stream}`,
        id,
        secret: this.#secretInUse,
        subprotocol: `tidegate.v1.${encoding}`,
        localAddress,
      },
      { text: (text) => received(messageIn(text)), bytes: (bytes) => received(messageOf(bytes)), pinged, ended },
    );
  }

  #welcomed(link: Link, lastSeq: number): void {
    this.#secrets.worked(this.#secretInUse);
    const { hello, metrics, table } = this.#options;
    if (hello !== undefined) link.send(JSON.stringify({ type: 'hello', ...hello }));
    if (metrics !== undefined) link.send(JSON.stringify({ type: 'metrics', table, metrics }));
    this.#options.linked?.(lastSeq);
  }

  #transmit(link: Link): void {
    for (let next = this.#outbox.take(); next !== null; next = this.#outbox.take())
      link.send(next.frame.encode(next.seq));
  }

  #stored(frames: readonly Numbered<Frame>[]): void {
    this.#ackedSeq = frames[frames.length - 1].seq;
    for (const { frame, seq } of frames) this.#options.acked?.(frame, seq);
  }

  #askTime(link: Link, echo: number): void {
    const message = { type: 'time' as const, echo };
    link.send(this.#options.encoding === 'binary' ? encodeTimeRequest(message) : JSON.stringify(message));
  }

  #commanded(command: Command): void {
    if (this.#options.commanded?.(command) !== false) void this.#commands.receive(command);
  }

  /** An update that cannot be sent now is asked for again on the next link (C-2). */
  #report(update: CommandUpdate): void {
    this.#options.answered?.(update);
    const message = { type: 'command_update' as const, ...update };
    const isBinary = this.#options.encoding === 'binary' && uuidPattern.test(update.id);
    this.#session.link?.send(isBinary ? encodeCommandUpdate(message) : JSON.stringify(message));
  }

  #ended(ending: Ending): void {
    this.#options.unlinked?.(ending);
    this.#wasRefused = isAboutSecret(ending);
  }

  /** A device that has another secret to try has no reason to come back slowly. */
  #endingForDelay(ending: Ending): Ending {
    return this.#wasRefused && this.#secrets.refused(this.#secretInUse) ? lostLink : ending;
  }
}

function messageIn(text: string): DownMessage | null {
  return parseDownMessage(text) ?? null;
}

function messageOf(bytes: Uint8Array): DownMessage | null {
  const frame = decodeDown(bytes);
  if (frame === undefined) return null;
  switch (frame.type) {
    case 'nack':
      return { ...frame, message: frame.detail };
    case 'command':
      return { ...frame, params: frame.params as Command['params'] };
    default:
      return frame;
  }
}
