import type { LogReader } from '../../store/logDb/logReader.js';
import type { BridgeSettings, DeviceFacts, FromBridge, ToBridge } from '../calls.js';
import type { Message } from '../messages/message.js';
import { createNames } from '../messages/names.js';
import { createTopics } from '../messages/topics.js';
import { profileOf } from '../profiles/profiles.js';
import { createBoard } from './board.js';
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
  tell: FromBridge;
  /** Unix ms. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** The connection is closed and the log is closed: the thread may end. */
  ended(): void;
}

/** The work of the bridge's thread: it sends the log to the broker, publishes what is known of devices, and hears commands. */
export function createPublisher(options: PublisherOptions): ToBridge {
  const { settings, reader, tell, now } = options;
  const topics = createTopics(settings.prefix, settings.gatewayId);
  const names = createNames(reader);
  const profile = profileOf(settings, topics, names);
  let session: Session | null = null;
  let opening: { drop(): void } | null = null;
  let attempts = 0;
  let stopping = false;
  let drain: LogDrain | null = null;
  let reportTimer: NodeJS.Timeout | undefined;
  let refusals = 0;
  let refusedInARow = 0;
  let resumeTimer: NodeJS.Timeout | null = null;
  /** Messages on command topics that are not acknowledged to the broker yet, by number. */
  const taking = new Map<number, () => void>();
  let messageNumber = 0;

  const board = createBoard({ topics, profile, publish, refused });

  function publish(message: Message, payload: string, done: (error: Error | null) => void): void {
    if (session === null) return;
    const bytes = Buffer.byteLength(payload) + packetOverheadBytes;
    if (bytes > session.packetBytesMax)
      done(new Error(`the broker takes packets of ${session.packetBytesMax} bytes; set mqtt.messageBytes below that`));
    else session.publish(message, payload, done);
  }

  /** The broker has refused a message. It is sent again after a while, and nothing overtakes it. */
  function refused(error: Error): void {
    refusals++;
    if (resumeTimer !== null) return;
    const retryMs = delayOf(refusedInARow++);
    tell.connection({ connected: session !== null, why: `the broker refuses a message: ${error.message}`, retryMs });
    resumeTimer = setTimeout(() => {
      resumeTimer = null;
      if (session !== null) drain?.outbox.resume();
      board.everything();
    }, retryMs);
  }

  const delayOf = (count: number): number =>
    retryMsMin + options.random() * Math.min(retryMsMax, retryMsMin * 2 ** Math.min(count, 20));

  function start(from: number, devices: DeviceFacts[]): void {
    for (const declared of reader.declaredIn(0, from)) names.learn(declared);
    for (const facts of devices) board.device(facts);
    drain = createLogDrain(
      {
        ...{ settings, reader, names, topics, profile, tell, now, publish, refused },
        progressed() {
          refusedInARow = 0;
        },
        news: board.announce,
      },
      from,
    );
    reportTimer = setInterval(report, statusMs);
    report();
    open();
  }

  function report(): void {
    if (drain === null) return;
    tell.status({
      connected: session !== null,
      ...drain.measure(),
      othersAcked: board.counts.acked,
      answersLost: board.counts.answersLost,
      refused: refusals,
    });
  }

  function open(): void {
    if (stopping) return;
    opening = openSession(
      settings.broker,
      {
        will: { topic: topics.status, payload: 'offline' },
        filters: [topics.commandFilter, ...profile.filters],
        connected,
        message: heard,
        subscribeFailed: ({ message }) =>
          tell.connection({ connected: true, why: `no commands from here: ${message}`, retryMs: null }),
        closed,
      },
      settings.expirySeconds,
    );
  }

  function connected(now: Session): void {
    session = now;
    tell.connection({ connected: true, why: null, retryMs: null });
    const forBoard = Math.max(1, Math.floor(Math.min(settings.window, now.receiveMax) * boardShare));
    publish({ topic: topics.status, body: 'online', newestAt: null, retain: true }, 'online', () => {});
    board.connected(forBoard);
    // The status and what the board sends come on top, but together no more than the broker takes.
    drain?.outbox.connected(Math.max(1, Math.min(settings.window, now.receiveMax - forBoard - 1)));
  }

  function closed(why: string): void {
    session = null;
    taking.clear();
    board.disconnected();
    drain?.outbox.disconnected();
    if (stopping) return finish();
    attempts = progressed() ? 0 : attempts + 1;
    const retryMs = delayOf(attempts);
    tell.connection({ connected: false, why, retryMs });
    setTimeout(open, retryMs);
  }

  /** If the connection brought anything across, the next one is made at once. */
  let ackedBefore = 0;
  function progressed(): boolean {
    const acked = (drain?.outbox.counts.acked ?? 0) + board.counts.acked;
    const more = acked > ackedBefore;
    ackedBefore = acked;
    return more;
  }

  function heard(message: Incoming, done: () => void): void {
    if (topics.deviceOfCommand(message.topic) === null) {
      if (profile.heard(message.topic, Buffer.from(message.payload).toString())) board.everything();
      return done();
    }
    taking.set(++messageNumber, done);
    tell.command({ ...message, messageNumber });
  }

  async function stop(): Promise<void> {
    stopping = true;
    drain?.stop();
    clearInterval(reportTimer);
    if (resumeTimer !== null) clearTimeout(resumeTimer);
    if (session === null) {
      opening?.drop();
      return finish();
    }
    const leaving = session;
    setTimeout(() => leaving.drop(), goodbyeMs).unref();
    drain?.outbox.pause();
    publish({ topic: topics.status, body: 'offline', newestAt: null, retain: true }, 'offline', () => {});
    await Promise.race([leaving.end(), new Promise((resolve) => setTimeout(resolve, goodbyeMs))]);
    finish();
  }

  let finished = false;
  function finish(): void {
    if (finished) return;
    finished = true;
    report();
    reader.close();
    tell.stopped();
    options.ended();
  }

  return {
    start,
    device: board.device,
    deviceRemoved: board.deviceRemoved,
    answer: board.answer,
    taken(number) {
      taking.get(number)?.();
      taking.delete(number);
    },
    stop: () => void stop(),
  };
}
