import type { LogReader } from '../../store/logDb/logReader.js';
import type { LogRow } from '../../store/logDb/readRows.js';
import type { Message } from '../messages/message.js';
import type { Names } from '../messages/names.js';
import { createTelemetry, type Frame, frameOf } from '../messages/telemetry.js';
import { PoisonousTopicError, type Topics } from '../messages/topics.js';
import type { Profile } from '../profiles/profile.js';

/** Rows are read so many bytes at a time, in one short snapshot. */
const readBytes = 1024 * 1024;

export interface FeedEntry {
  /** Null: the row has no (further) message. */
  message: Message | null;
  /** With this entry everything up to here is said; 0: the row goes on. */
  endOf: number;
}

export interface FeedOptions {
  reader: LogReader;
  names: Names;
  topics: Topics;
  profile: Profile;
  messageBytesMax: number;
  /** A frame that cannot be named or addressed, and so will never be sent. */
  unsendable(row: LogRow, readings: number): void;
  /** A device of which the profile has something new to announce. */
  news(device: string): void;
}

export type Feed = ReturnType<typeof createFeed>;

/** The log as messages, in its order, made as they are asked for. */
export function createFeed(options: FeedOptions, from: number) {
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

  function* entriesOf(row: LogRow): Generator<FeedEntry> {
    names.learn(row.declared);
    for (let index = 0, at = 0; index < row.frames.count; index++) {
      const readings = row.frames.readings[index];
      // Refused frames, and those that only repeated what was stored, hold no readings.
      if (readings > 0) for (const message of named(row, index, at)) yield { message, endOf: 0 };
      at += readings;
    }
    yield { message: null, endOf: row.position };
  }

  return {
    /** The next entry; null: nothing more is in the log yet. */
    next(): FeedEntry | null {
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
    /** Goes on after another row, later than those said. */
    skipTo(after: number): void {
      frames = null;
      rows = [];
      position = after;
    },
  };
}
