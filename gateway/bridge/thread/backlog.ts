import type { LogReader, RowHead } from '../../store/logDb/logReader.js';
import type { Dropped } from '../calls.js';
import type { Names } from '../messages/names.js';

/** Rows per chunk. */
const chunkRowsMax = 1_000;
/** Slices of 5,000 rows that are measured per call. */
const slicesMax = 4;
/** If there are too many bytes, rows are dropped until the rest is below this share of the bound. */
const roomFactor = 0.95;

export interface BacklogOptions {
  reader: LogReader;
  names: Names;
  bytesMax: number;
  ageMaxMs: number;
}

interface Chunk {
  /** The position before its first row. */
  after: number;
  upTo: number;
  bytes: number;
}

/** What waits for the broker. `full`: more than may wait, by bytes or by age. */
export interface BacklogState {
  rows: number;
  /** About: rows of a chunk that is partly acknowledged count as equally large. */
  bytes: number;
  /** Age of the oldest commit. */
  ms: number;
  full: boolean;
}

/** How much of the log waits for the broker. It reads the heads of the rows, not their content. */
export interface Backlog {
  /** Adds the rows that came since the last call; if they are many, only a part of them. */
  measure(): void;
  /** Everything up to this position is acknowledged, or was dropped. */
  advance(to: number): void;
  state(now: number): BacklogState;
  /** The oldest rows to drop so that the rest is within its bounds, a part at a time; null: nothing is to be dropped. */
  excess(now: number): { upTo: number; dropped: Dropped } | null;
}

export function createBacklog({ reader, names, bytesMax, ageMaxMs }: BacklogOptions, from: number): Backlog {
  const chunks: Chunk[] = [];
  let position = from;
  let measuredTo = from;
  let bytes = 0;

  function add({ position: at, bytes: more }: RowHead): void {
    const last = chunks.at(-1);
    if (last === undefined || last.upTo - last.after >= chunkRowsMax)
      chunks.push({ after: measuredTo, upTo: at, bytes: more });
    else {
      last.upTo = at;
      last.bytes += more;
    }
    measuredTo = at;
    bytes += more;
  }

  function measure(): void {
    for (let slice = 0; slice < slicesMax; slice++) {
      const heads = reader.heads(measuredTo);
      for (const head of heads) add(head);
      if (heads.length === 0) return;
    }
  }

  /** Some rows of the first chunk are behind us; they count as large as its other rows. */
  function bytesLeft(): number {
    if (chunks.length === 0) return 0;
    const [{ after, upTo, bytes: first }] = chunks;
    return bytes - first * (Math.max(0, position - after) / (upTo - after));
  }

  return {
    measure,
    advance(to) {
      position = to;
      measuredTo = Math.max(measuredTo, to);
      while (chunks.length > 0 && chunks[0].upTo <= to) bytes -= chunks.shift()?.bytes ?? 0;
    },
    state(now) {
      const oldestAt = reader.committedAfter(position);
      const ms = oldestAt === null ? 0 : Math.max(0, now - oldestAt);
      const left = Math.round(bytesLeft());
      return { rows: measuredTo - position, bytes: left, ms, full: left > bytesMax || ms > ageMaxMs };
    },
    excess(now) {
      const tooMany = bytesLeft() > bytesMax;
      const dropped: Dropped = { why: tooMany ? 'bytes' : 'age', frames: 0, readings: 0, bytes: 0, from: 0, to: 0 };
      let upTo = 0;
      for (const head of reader.heads(position)) {
        const isOver = tooMany && bytesLeft() - dropped.bytes > roomFactor * bytesMax;
        if (!isOver && now - head.committedAt <= ageMaxMs) break;
        const { frames, declared } = reader.contents(head.position);
        names.learn(declared);
        upTo = head.position;
        dropped.frames += frames;
        dropped.readings += head.readings;
        dropped.bytes += head.bytes;
        dropped.from ||= head.committedAt;
        dropped.to = head.committedAt;
      }
      return upTo === 0 ? null : { upTo, dropped };
    },
  };
}
