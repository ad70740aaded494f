import type { LogReader } from '../../store/logDb/logReader.js';
import type { StoredValues } from '../../store/reader/storedValues.js';
import type { BridgeSettings, DeviceFacts, FromBridge, ToBridge } from '../calls.js';
import type { Message } from '../messages/message.js';
import { createNames, type Names } from '../messages/names.js';
import { createTopics, type Topics } from '../messages/topics.js';
import type { Profile } from '../profiles/profile.js';
import { profileOf } from '../profiles/profiles.js';
import { type Board, createBoard } from './board.js';
import { type Incoming, openSession, type Session } from './broker.js';
import { createLogDrain, type LogDrain } from './logDrain.js';

/** How often state and position are reported. After a crash, what was acknowledged since the last report is sent again. */
const statusMs = 500;

const retryMsMin = 100;

const retryMsMax = 15_000;

/** The share of the window that is for everything but telemetry. */
const boardShare = 0.2;

/** A broker that does not answer the disconnect is left after this time. */
const goodbyeMs = 2_000;

/** Topic, header and properties of a packet take no more than this. */
const packetOverheadBytes = 2_048;

export interface PublisherOptions {
  settings: BridgeSettings;
  reader: LogReader;
  stored: StoredValues;
  tell: FromBridge;
  /** Unix ms. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** The connection is closed and the log is closed: the thread may end. */
  ended(): void;
}

/** The work of the bridge's thread: it sends the log to the broker, publishes what is known of devices, and receives commands. */
export class Publisher implements ToBridge {
  private readonly topics: Topics;
  private readonly names: Names;
  private readonly profile: Profile;
  private readonly board: Board;
  private session: Session | null = null;
  private opening: { drop(): void } | null = null;
  private drain: LogDrain | null = null;
  private reportTimer: NodeJS.Timeout | undefined;
  /** Runs while the bridge waits after a refusal. */
  private resumeTimer: NodeJS.Timeout | null = null;
  /** Connections in a row that brought nothing across. */
  private attempts = 0;
  private refusals = 0;
  private refusedInARow = 0;
  private ackedBefore = 0;
  private stopping = false;
  private finished = false;
  /** Messages on command topics that are not acknowledged to the broker yet, by number. */
  private readonly taking = new Map<number, () => void>();
  private messageNumber = 0;

  constructor(private readonly options: PublisherOptions) {
    const { settings, reader } = options;
    this.topics = createTopics(settings.prefix, settings.gatewayId);
    this.names = createNames(reader);
    this.profile = profileOf(settings, this.topics, this.names);
    const { topics, profile, publish, refused } = this;
    this.board = createBoard({ topics, profile, publish, refused });
  }

  /** Starts after this position of the log, with these devices. */
  start(from: number, devices: DeviceFacts[]): void {
    const { options, names, topics, profile, board, publish, refused } = this;
    for (const declared of options.reader.declaredIn(0, from)) names.learn(declared);
    for (const facts of devices) board.device(facts);
    this.drain = createLogDrain(
      {
        settings: options.settings,
        reader: options.reader,
        stored: options.stored,
        tell: options.tell,
        now: options.now,
        names,
        topics,
        profile,
        publish,
        refused,
        progressed: () => {
          this.refusedInARow = 0;
        },
        news: board.announce,
      },
      from,
    );
    this.reportTimer = setInterval(() => this.report(), statusMs);
    this.report();
    this.open();
  }

  device(facts: DeviceFacts): void {
    this.board.device(facts);
  }

  deviceEdited(facts: DeviceFacts): void {
    this.board.deviceEdited(facts);
  }

  deviceRemoved(id: string): void {
    this.board.deviceRemoved(id);
  }

  answer(message: Parameters<ToBridge['answer']>[0]): void {
    this.board.answer(message);
  }

  /** The gateway has stored the command of this message, so the broker may forget the message. */
  taken(messageNumber: number): void {
    this.taking.get(messageNumber)?.();
    this.taking.delete(messageNumber);
  }

  /** Says goodbye to the broker, then reports that the thread may end. */
  stop(): void {
    this.stopping = true;
    this.drain?.stop();
    clearInterval(this.reportTimer);
    if (this.resumeTimer !== null) clearTimeout(this.resumeTimer);
    if (this.session === null) {
      this.opening?.drop();
      this.finish();
    } else void this.leave(this.session);
  }

  private async leave(session: Session): Promise<void> {
    setTimeout(() => session.drop(), goodbyeMs).unref();
    this.drain?.outbox.pause();
    this.publishStatus('offline');
    await Promise.race([session.end(), new Promise((resolve) => setTimeout(resolve, goodbyeMs))]);
    this.finish();
  }

  private finish(): void {
    if (this.finished) return;
    this.finished = true;
    this.report();
    this.options.reader.close();
    this.options.stored.close();
    this.options.tell.stopped();
    this.options.ended();
  }

  private readonly publish = (message: Message, payload: string, done: (error: Error | null) => void): void => {
    const { session } = this;
    if (session === null) return;
    const bytes = Buffer.byteLength(payload) + packetOverheadBytes;
    if (bytes > session.packetBytesMax)
      done(new Error(`the broker takes packets of ${session.packetBytesMax} bytes; set mqtt.messageBytes below that`));
    else session.publish(message, payload, done);
  };

  private publishStatus(status: 'online' | 'offline'): void {
    this.publish({ topic: this.topics.status, body: status, newestAt: null, retain: true }, status, () => {});
  }

  /** The broker has refused a message. It is sent again after a while, and nothing overtakes it. */
  private readonly refused = (error: Error): void => {
    this.refusals++;
    if (this.resumeTimer !== null) return;
    const retryMs = this.delayOf(this.refusedInARow++);
    const why = `the broker refuses a message: ${error.message}`;
    this.options.tell.connection({ connected: this.session !== null, why, retryMs });
    this.resumeTimer = setTimeout(() => {
      this.resumeTimer = null;
      if (this.session !== null) this.drain?.outbox.resume();
      this.board.everything();
    }, retryMs);
  };

  private delayOf(count: number): number {
    const spreadMs = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(count, 20));
    return retryMsMin + this.options.random() * spreadMs;
  }

  private report(): void {
    if (this.drain === null) return;
    this.options.tell.status({
      connected: this.session !== null,
      ...this.drain.measure(),
      othersAcked: this.board.counts.acked,
      answersLost: this.board.counts.answersLost,
      refused: this.refusals,
    });
  }

  private open(): void {
    if (this.stopping) return;
    const { topics, profile } = this;
    const { settings, tell } = this.options;
    this.opening = openSession(
      settings.broker,
      {
        will: { topic: topics.status, payload: 'offline' },
        filters: [topics.commandFilter, ...profile.filters],
        connected: (session) => this.connected(session),
        message: (message, done) => this.heard(message, done),
        subscribeFailed: ({ message }) =>
          tell.connection({ connected: true, why: `no commands from here: ${message}`, retryMs: null }),
        closed: (why) => this.closed(why),
      },
      settings.expirySeconds,
    );
  }

  private connected(session: Session): void {
    this.session = session;
    this.options.tell.connection({ connected: true, why: null, retryMs: null });
    const { window } = this.options.settings;
    const forBoard = Math.max(1, Math.floor(Math.min(window, session.receiveMax) * boardShare));
    this.publishStatus('online');
    this.board.connected(forBoard);
    // The status and what the board sends come on top, but together no more than the broker takes.
    this.drain?.outbox.connected(Math.max(1, Math.min(window, session.receiveMax - forBoard - 1)));
  }

  private closed(why: string): void {
    this.session = null;
    this.taking.clear();
    this.board.disconnected();
    this.drain?.outbox.disconnected();
    if (this.stopping) return this.finish();
    this.attempts = this.progressed() ? 0 : this.attempts + 1;
    const retryMs = this.delayOf(this.attempts);
    this.options.tell.connection({ connected: false, why, retryMs });
    setTimeout(() => this.open(), retryMs);
  }

  /** Whether the connection brought anything across. Then the next one is made at once. */
  private progressed(): boolean {
    const acked = (this.drain?.outbox.counts.acked ?? 0) + this.board.counts.acked;
    const more = acked > this.ackedBefore;
    this.ackedBefore = acked;
    return more;
  }

  private heard(message: Incoming, done: () => void): void {
    if (this.topics.deviceOfCommand(message.topic) === null) {
      const payload = Buffer.from(message.payload).toString();
      if (this.profile.heard(message.topic, payload)) this.board.everything();
      return done();
    }
    this.taking.set(++this.messageNumber, done);
    this.options.tell.command({ ...message, messageNumber: this.messageNumber });
  }
}
