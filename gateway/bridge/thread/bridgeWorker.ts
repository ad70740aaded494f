import type { LogReader } from '../../store/logDb/logReader.js';
import type { BridgeSettings, DeviceFacts, FromBridge, ToBridge } from '../calls.js';
import type { Message } from '../messages/message.js';
import { createNames } from '../messages/names.js';
import { createTopics } from '../messages/topics.js';
import { profileOf } from '../profiles/profiles.js';
import { createBacklog } from './backlog.js';
import { createBoard } from './board.js';
import { type Incoming, openSession, type Session } from './broker.js';
import { createFeed } from './feed.js';
import { createOutbox } from './outbox.js';

/** While nothing is in the log, it is looked at so often. */
const pollMs = 20;

/** State and position are told so often: after a crash what was acknowledged since comes again. */
const statusMs = 500;

const retryMsMin = 100;

const retryMsMax = 15_000;

/** Beside telemetry, so much of its window is for all else. */
const boardShare = 0.2;

/** A broker that does not answer a goodbye is left after so long. */
const goodbyeMs = 2_000;

/** Topic, header and properties of a packet take no more than this. */
const packetOverheadBytes = 2_048;

export interface BridgeWorkerOptions {
  settings: BridgeSettings;
  reader: LogReader;
  tell: FromBridge;
  /** Unix ms. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** The thread has nothing more to do. */
  ended(): void;
}

/** The bridge's thread: drains the log to the broker, publishes what is known of devices, and hears commands. */
export function createBridgeWorker(options: BridgeWorkerOptions): ToBridge {
  const { settings, reader, tell, now } = options;
  const topics = createTopics(settings.prefix, settings.gatewayId);
  const names = createNames(reader);
  const profile = profileOf(settings, topics, names);
  let session: Session | null = null;
  let opening: { drop(): void } | null = null;
  let attempts = 0;
  let stopping = false;
  let started: Started | null = null;
  let refusals = 0;
  let refusedInARow = 0;
  let resumeTimer: NodeJS.Timeout | null = null;
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

  /** The broker took a message and refused it: after a while it is tried again, and nothing goes past it. */
  function refused(error: Error): void {
    refusals++;
    if (resumeTimer !== null) return;
    const retryMs = delayOf(refusedInARow++);
    tell.connection({ connected: session !== null, why: `the broker refuses a message: ${error.message}`, retryMs });
    resumeTimer = setTimeout(() => {
      resumeTimer = null;
      if (session !== null) started?.outbox.resume();
      board.everything();
    }, retryMs);
  }

  const delayOf = (count: number): number =>
    retryMsMin + options.random() * Math.min(retryMsMax, retryMsMin * 2 ** Math.min(count, 20));

  interface Started {
    outbox: ReturnType<typeof createOutbox>;
    timers: NodeJS.Timeout[];
    report(): void;
  }

  function start(from: number, devices: DeviceFacts[]): void {
    for (const declared of reader.declaredIn(0, from)) names.learn(declared);
    for (const facts of devices) board.device(facts);
    const backlog = createBacklog(
      { reader, names, bytesMax: settings.backlogBytesMax, ageMaxMs: settings.backlogMsMax },
      from,
    );
    const feed = createFeed(
      {
        ...{ reader, names, topics, profile, messageBytesMax: settings.messageBytesMax },
        unsendable: ({ committedAt: at }, readings) =>
          tell.dropped({ why: 'unsendable', frames: 1, readings, bytes: 0, from: at, to: at }),
        news: board.announce,
      },
      from,
    );
    let position = from;
    const moved = (to: number): void => {
      if (to <= position) return;
      position = to;
      refusedInARow = 0;
      backlog.advance(to);
    };
    const outbox = createOutbox({
      publish,
      next: feed.next,
      moved,
      refused,
      soon: setImmediate,
      now,
    });

    function giveUp(): void {
      for (let excess = backlog.excess(now()); excess !== null; excess = backlog.excess(now())) {
        outbox.clear();
        feed.skipTo(excess.upTo);
        moved(excess.upTo);
        tell.dropped(excess.dropped);
      }
    }

    function report(): void {
      backlog.measure();
      let state = backlog.state(now());
      if (state.full && settings.whenFull === 'drop-oldest') {
        giveUp();
        state = backlog.state(now());
        outbox.pump();
      }
      if (position > from) tell.moved(position);
      tell.status({
        connected: session !== null,
        telemetryAcked: outbox.counts.acked,
        othersAcked: board.counts.acked,
        answersLost: board.counts.answersLost,
        resent: outbox.counts.resent,
        refused: refusals,
        inFlight: outbox.inFlight(),
        ...{ backlogRows: state.rows, backlogBytes: state.bytes, backlogMs: state.ms, full: state.full },
      });
    }

    const timers = [setInterval(() => outbox.isCaughtUp() && outbox.pump(), pollMs), setInterval(report, statusMs)];
    started = { outbox, timers, report };
    report();
    open();
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
    started?.outbox.connected(Math.max(1, Math.min(settings.window, now.receiveMax - forBoard - 1)));
  }

  function closed(why: string): void {
    session = null;
    taking.clear();
    board.disconnected();
    started?.outbox.disconnected();
    if (stopping) return finish();
    attempts = progressed() ? 0 : attempts + 1;
    const retryMs = delayOf(attempts);
    tell.connection({ connected: false, why, retryMs });
    setTimeout(open, retryMs);
  }

  /** A connection that brought anything across was worth making again at once. */
  let ackedBefore = 0;
  function progressed(): boolean {
    const acked = (started?.outbox.counts.acked ?? 0) + board.counts.acked;
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
    for (const timer of started?.timers ?? []) clearInterval(timer);
    if (resumeTimer !== null) clearTimeout(resumeTimer);
    if (session === null) {
      opening?.drop();
      return finish();
    }
    const leaving = session;
    setTimeout(() => leaving.drop(), goodbyeMs).unref();
    started?.outbox.pause();
    publish({ topic: topics.status, body: 'offline', newestAt: null, retain: true }, 'offline', () => {});
    await Promise.race([leaving.end(), new Promise((resolve) => setTimeout(resolve, goodbyeMs))]);
    finish();
  }

  let finished = false;
  function finish(): void {
    if (finished) return;
    finished = true;
    started?.report();
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
