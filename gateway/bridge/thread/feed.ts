import type { LogReader } from '../../store/logDb/logReader.js';
import type { LogRow } from '../../store/logDb/readRows.js';
import type { StoredValues } from '../../store/reader/storedValues.js';
import type { Message } from '../messages/message.js';
import type { Names } from '../messages/names.js';
import { createTelemetry, type Frame, frameOf } from '../messages/telemetry.js';
import { PoisonousTopicError, type Topics } from '../messages/topics.js';
import type { Profile } from '../profiles/profile.js';
import { withoutOtherValues } from './lateReadings.js';

/** How many bytes of rows are read at a time, in one short snapshot. */
const readBytes = 1024 * 1024;

export interface FeedEntry {
  /** Null: the row has no (further) message. */
  message: Message | null;
  /** The position of the row that ends with this entry; 0: the row has further messages. */
  endOf: number;
}

export interface FeedOptions {
  reader: LogReader;
  names: Names;
  topics: Topics;
  profile: Profile;
  /** Looks up what is stored. */
  stored: StoredValues['at'];
  messageBytesMax: number;
  /** A frame has no known name, or one that cannot be a topic, so it is never sent. */
  unsendable(row: LogRow, readings: number): void;
  /** The profile has something new to announce of a device. */
  news(device: string): void;
}

/** The log as messages, in its order. Each message is made when it is asked for. */
export interface Feed {
  /** The next entry; null: there is nothing more in the log yet. */
  next(): FeedEntry | null;
  /** Continues after the row at this position, which is later than all rows before. */
  skipTo(after: number): void;
}

export function createFeed(options: FeedOptions, from: number): Feed {
  const { reader, names, profile } = options;
  const telemetry = createTelemetry({ ...options, epoch: reader.epoch() });
  let position = from;
  let rows: LogRow[] = [];
  let frames: Generator<FeedEntry> | null = null;

  function messagesOf(frame: Frame): Message[] {
    const messages = [...telemetry.messagesOf(frame), ...profile.frame(frame)];
    if (profile.hasNews(frame.device)) options.news(frame.device);
    return messages;
  }

  function named(row: LogRow, index: number, start: number): Message[] {
    try {
      const frame = frameOf(row, index, start, names);
      if (frame !== null) return messagesOf(frame);
    } catch (error) {
      if (!(error instanceof PoisonousTopicError)) throw error;
    }
    options.unsendable(row, row.frames.readings[index]);
    return [];
  }

  function* entriesOf(committed: LogRow): Generator<FeedEntry> {
    names.learn(committed.declared);
    const row = withoutOtherValues(committed, names, options.stored);
    for (let index = 0, at = 0; index < row.frames.count; index++) {
      const readings = row.frames.readings[index];
      // Refused frames, and frames that only repeated stored readings, have none.
      if (readings > 0) for (const message of named(row, index, at)) yield { message, endOf: 0 };
      at += readings;
    }
    yield { message: null, endOf: row.position };
  }

  return {
    next() {
      for (;;) {
        const entry = frames?.next();
        if (entry !== undefined && !entry.done) return entry.value;
        frames = null;
        if (rows.length === 0) rows = reader.rows(position, readBytes);
        const row = rows.shift();
        if (row === undefined) return null;
        position = row.position;
        frames = entriesOf(row);
      }
    },
    skipTo(after) {
      frames = null;
      rows = [];
      position = after;
    },
  };
}
