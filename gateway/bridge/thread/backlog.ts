import type { LogReader, RowHead } from '../../store/logDb/logReader.js';
import type { Dropped } from '../calls.js';
import type { Names } from '../messages/names.js';

/** Rows that are summed up as one. */
const chunkRowsMax = 1_000;
/** Slices of 5,000 rows looked at in one go. */
const slicesMax = 4;
/** What is given up when the bytes are too many goes on until there is some room. */
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

export type Backlog = ReturnType<typeof createBacklog>;

/** How much of the log waits for the broker, from the heads of its rows; the content is not read. */
export function createBacklog({ reader, names, bytesMax, ageMaxMs }: BacklogOptions, from: number) {
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

  /** Adds what came since, a part at a time where it is long. */
  function measure(): void {
    for (let slice = 0; slice < slicesMax; slice++) {
      const heads = reader.heads(measuredTo);
      for (const head of heads) add(head);
      if (heads.length === 0) return;
    }
  }

  /** Of the first chunk some rows are passed: they are taken for as large as the others. */
  function bytesLeft(): number {
    if (chunks.length === 0) return 0;
    const [{ after, upTo, bytes: first }] = chunks;
    return bytes - first * (Math.max(0, position - after) / (upTo - after));
  }

  return {
    measure,
    advance(to: number): void {
      position = to;
      measuredTo = Math.max(measuredTo, to);
      while (chunks.length > 0 && chunks[0].upTo <= to) bytes -= (chunks.shift() as Chunk).bytes;
    },
    /** As it is now. */
    state(now: number) {
      const oldestAt = reader.committedAfter(position);
      const ms = oldestAt === null ? 0 : Math.max(0, now - oldestAt);
      const left = Math.round(bytesLeft());
      return { rows: measuredTo - position, bytes: left, ms, full: left > bytesMax || ms > ageMaxMs };
    },
    /** The oldest rows that are to be given up, so that the rest is within bounds; a part at a time. */
    excess(now: number): { upTo: number; dropped: Dropped } | null {
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
