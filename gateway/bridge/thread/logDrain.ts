import type { LogReader } from '../../store/logDb/logReader.js';
import type { StoredValues } from '../../store/reader/storedValues.js';
import type { BridgeSettings, BridgeStatus, FromBridge } from '../calls.js';
import type { Names } from '../messages/names.js';
import type { Topics } from '../messages/topics.js';
import type { Profile } from '../profiles/profile.js';
import { createBacklog } from './backlog.js';
import { createFeed } from './feed.js';
import { Outbox, type OutboxOptions } from './outbox.js';

/** How often the log is asked for more while there is nothing in it. */
const pollMs = 20;

export interface LogDrainOptions {
  settings: BridgeSettings;
  reader: LogReader;
  names: Names;
  topics: Topics;
  profile: Profile;
  stored: StoredValues;
  tell: Pick<FromBridge, 'moved' | 'dropped'>;
  /** Unix ms. */
  now(): number;
  publish: OutboxOptions['publish'];
  refused: OutboxOptions['refused'];
  /** The broker has acknowledged something more. */
  progressed(): void;
  /** The profile has something new to announce of a device. */
  news(device: string): void;
}

/** What the drain knows of the bridge's state. */
export type DrainStatus = Pick<
  BridgeStatus,
  'telemetryAcked' | 'resent' | 'inFlight' | 'backlogRows' | 'backlogBytes' | 'backlogMs' | 'full'
>;

/** Sends the log to the broker, row by row, from the cursor's position on; drops the oldest rows if that is configured. */
export interface LogDrain {
  readonly outbox: Outbox;
  /** Measures the backlog, drops what is over its bounds, reports the position, and returns the state. */
  measure(): DrainStatus;
  /** Asks the log for nothing more. */
  stop(): void;
}

export function createLogDrain(options: LogDrainOptions, from: number): LogDrain {
  const { settings, reader, names, topics, profile, tell, now } = options;
  const { messageBytesMax, backlogBytesMax, backlogMsMax, whenFull } = settings;
  const backlog = createBacklog({ reader, names, bytesMax: backlogBytesMax, ageMaxMs: backlogMsMax }, from);
  const feed = createFeed(
    {
      reader,
      names,
      topics,
      profile,
      stored: options.stored.at,
      messageBytesMax,
      news: options.news,
      unsendable: ({ committedAt: at }, readings) =>
        tell.dropped({ why: 'unsendable', frames: 1, readings, bytes: 0, from: at, to: at }),
    },
    from,
  );
  let position = from;
  const { publish, refused } = options;
  const outbox = new Outbox({ publish, next: feed.next, moved, refused, soon: setImmediate, now });
  const timer = setInterval(() => outbox.isCaughtUp() && outbox.pump(), pollMs);

  function moved(to: number): void {
    if (to <= position) return;
    position = to;
    options.progressed();
    backlog.advance(to);
  }

  function dropExcess(): void {
    for (let excess = backlog.excess(now()); excess !== null; excess = backlog.excess(now())) {
      outbox.clear();
      feed.skipTo(excess.upTo);
      moved(excess.upTo);
      tell.dropped(excess.dropped);
    }
  }

  return {
    outbox,
    measure() {
      options.stored.tidy();
      backlog.measure();
      let state = backlog.state(now());
      if (state.full && whenFull === 'drop-oldest') {
        dropExcess();
        state = backlog.state(now());
        outbox.pump();
      }
      if (position > from) tell.moved(position);
      return {
        telemetryAcked: outbox.counts.acked,
        resent: outbox.counts.resent,
        inFlight: outbox.inFlight(),
        backlogRows: state.rows,
        backlogBytes: state.bytes,
        backlogMs: state.ms,
        full: state.full,
      };
    },
    stop: () => clearInterval(timer),
  };
}
