/**
 * One device's link. link/ holds what is about connections of devices: handshake, messages in and out, closing. What is in a
 * frame is for ingest/, and who may connect is for admission/ and registry/.
 */
import type { CommandFrame } from '../../schemas/frame/types.js';
import type { HelloMessage } from '../../schemas/generated/device.js';
import { type CloseName, closeCodes } from '../../schemas/tables/closeCodes.js';
import { limits } from '../../schemas/tables/limits.js';
import type { Encoding } from '../../schemas/tables/subprotocols.js';
import type { Credential } from '../domain/device.js';
import type { Entry, IngestLink } from '../ingest/entries.js';
import type { MetricTable } from '../ingest/metricTable.js';
import type { Source, Stream } from '../ingest/source.js';
import { DecayingCounter } from '../process/decayingCounter.js';
import type { Socket } from '../transport/transport.js';
import type { Answers } from './answers.js';

/** open: reads and answers. draining: no longer reads, but answers what is under way. closed: neither. */
export type LinkState = 'open' | 'draining' | 'closed';

export interface LinkFacts {
  source: Source;
  stream: Stream;
  toldSeq: number;
  credential: Credential;
  encoding: Encoding;
  subprotocol: string | null;
  address: string;
  openedAt: number;
}

export interface LinkLimits {
  /** How many bytes may wait to be read by the device. */
  backlogBytesMax: number;
  badFramesMax: number;
}

/** How many refused frames are forgiven per second. */
const badFramesForgiven = 1;
/** How many control frames, declarations and questions a device may send at once, and per second after that. */
const extrasMax = 100;
const extrasForgiven = 10;

/** One device's link. The fields are few and flat, because there may be 100,000 links. */
export class Link implements IngestLink {
  readonly source: Source;
  readonly stream: Stream;
  readonly toldSeq: number;
  readonly credential: Credential;
  readonly encoding: Encoding;
  readonly subprotocol: string | null;
  readonly address: string;
  readonly openedAt: number;
  previousSeq: number;
  unanswered = 0;
  underWay = 0;
  table: MetricTable | null = null;
  refusedTables: Map<number, MetricTable | null> | null = null;
  /** The last text ended inside its JSON, so the next one may be the rest of it. */
  cutText = false;
  entry: Entry | null = null;
  held: Entry[] | null = null;
  state: LinkState = 'open';
  /** Why it drains; null if it does not. */
  closing: CloseName | null = null;
  closingAfterMs = 0;
  /** How many bytes a command's name and parameters may have; its hello may raise it. */
  maxCommandBytes: number = limits.commandBytesMax;
  agent: string | null = null;
  firmware: string | null = null;
  /** The interval of sending that its hello announced, in ms; 0 if it announced none. */
  expectEveryMs = 0;
  /** Round trip of the last ping that it answered. */
  roundTripMs: number | null = null;
  private pingedAt = 0;
  /** Its place in the list of open links. */
  index = -1;
  private introduced = false;
  private readonly badFrames = new DecayingCounter(badFramesForgiven);
  private readonly extras = new DecayingCounter(extrasForgiven);
  private socket: Socket | null = null;

  constructor(
    facts: LinkFacts,
    private readonly limits: LinkLimits,
    private readonly answers: Answers,
    private readonly now: () => number,
  ) {
    this.source = facts.source;
    this.stream = facts.stream;
    this.toldSeq = facts.toldSeq;
    this.previousSeq = facts.toldSeq;
    this.credential = facts.credential;
    this.encoding = facts.encoding;
    this.subprotocol = facts.subprotocol;
    this.address = facts.address;
    this.openedAt = facts.openedAt;
  }

  opened(socket: Socket): void {
    this.socket = socket;
  }

  /** The socket has ended, whichever side closed it. */
  closed(): void {
    this.state = 'closed';
    this.socket = null;
  }

  /** Tells the device its stream's mark and the limits (PROTOCOL.md, welcome). */
  welcome(): void {
    const { window, maxFrameBytes, keepaliveSeconds } = limits;
    const welcome = {
      type: 'welcome',
      window,
      lastSeq: this.toldSeq,
      serverTime: this.now(),
      maxFrameBytes,
      keepaliveSeconds,
    } as const;
    this.send(this.answers.welcome(this.encoding, this.source.device.id, this.stream.name, welcome));
  }

  /**
   * Everything that is sent goes through here. A device that does not read what it is sent is cut off. Returns false if the
   * socket did not take the message.
   */
  send(message: string | Uint8Array): boolean {
    if (this.socket === null) return false;
    const sent = this.socket.send(message);
    if (sent === 'sent') return true;
    if (sent === 'dropped' || this.socket.queuedBytes() > this.limits.backlogBytesMax) this.end('slow_reader');
    return sent === 'queued';
  }

  sendCommand(command: Omit<CommandFrame, 'type'>): boolean {
    return this.state === 'open' && this.send(this.answers.command(this.encoding, command));
  }

  /** Pings the device. `now` is in monotonic ms, as for `ponged`. */
  ping(now: number): void {
    this.pingedAt = now;
    this.socket?.ping();
  }

  ponged(now: number): void {
    this.countExtra();
    if (this.pingedAt === 0) return;
    this.roundTripMs = Math.round((now - this.pingedAt) * 10) / 10;
    this.pingedAt = 0;
  }

  answer(entry: Entry): void {
    if (this.socket === null) return;
    if (entry.nacks.length === 0) {
      if (entry.ackSeq > 0) this.send(this.answers.ack(this.encoding, entry.ackSeq));
    } else this.socket.together(() => this.answerAll(entry));
    if (this.state === 'draining' && this.underWay === 0) this.finish();
  }

  /** Sends nacks first: a device drops what an ack covers, and must know before that what was refused. */
  private answerAll(entry: Entry): void {
    for (const { seq, fault } of entry.nacks) this.send(this.answers.nack(this.encoding, seq, fault));
    if (entry.ackSeq > 0) this.send(this.answers.ack(this.encoding, entry.ackSeq));
  }

  drain(close: CloseName, retryAfterMs = 0): void {
    if (this.state !== 'open') return;
    this.state = 'draining';
    this.closing = close;
    this.closingAfterMs = retryAfterMs;
    if (this.underWay === 0) this.finish();
  }

  private finish(): void {
    if (this.closing !== null) this.end(this.closing, this.closingAfterMs);
  }

  end(close: CloseName, retryAfterMs = 0): void {
    if (this.socket === null) return;
    const { socket } = this;
    this.state = 'draining';
    this.closing = close;
    socket.end(
      closeCodes[close].code,
      retryAfterMs > 0 ? JSON.stringify({ retryAfterMs: Math.round(retryAfterMs) }) : close,
    );
  }

  /** Counts a refused frame. Too many of them close the link. */
  countBadFrame(): void {
    if (this.badFrames.increment(this.now()) > this.limits.badFramesMax) this.drain('too_many_bad_frames');
  }

  /** Counts a control frame, a declaration or a question. Too many of them close the link, because others would pay for them. */
  countExtra(): void {
    if (this.extras.increment(this.now()) > extrasMax) this.end('rate_limited');
  }

  /**
   * Takes what a device says about itself. Only the first hello of a link counts, because each change is a write. Returns
   * whether it counted.
   */
  introduce({ agent, firmware, maxCommandBytes, expectEveryMs }: HelloMessage): boolean {
    if (this.introduced) return false;
    this.introduced = true;
    if (maxCommandBytes !== undefined) this.maxCommandBytes = Math.min(maxCommandBytes, limits.maxFrameBytes);
    this.agent = agent ?? null;
    this.firmware = firmware ?? null;
    this.expectEveryMs = expectEveryMs ?? 0;
    return true;
  }
}
