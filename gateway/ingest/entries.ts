import type { CloseName } from '../../schemas/tables/closeCodes.js';
import type { Fault } from '../../schemas/tables/faults.js';
import type { Counters } from '../observe/counters.js';
import type { MetricTable } from './metricTable.js';
import type { Source, Stream } from './source.js';

/** What ingest needs of a link; link/ makes them. */
export interface IngestLink {
  source: Source;
  stream: Stream;
  /** lastSeq of this link's welcome. */
  readonly toldSeq: number;
  /** The highest good seq on this link, or toldSeq. */
  previousSeq: number;
  /** Numbered frames taken in and not yet answered: those that the window counts. */
  unanswered: number;
  /** Frames taken in and not yet on disk, numbered or not. */
  underWay: number;
  /** Declared without a number, on this link. */
  table: MetricTable | null;
  /** What the commit under way will answer. */
  entry: Entry | null;
  /** Reads nothing more, answers what is under way, then closes. */
  drain(close: CloseName): void;
  /** Closes at once. */
  end(close: CloseName, retryAfterMs?: number): void;
  /** Everything in the entry is on disk. */
  answer(entry: Entry): void;
  /** A refused frame counts towards too_many_bad_frames. */
  countBadFrame(): void;
}

/** One link's share of one batch. */
export interface Entry {
  link: IngestLink;
  stream: Stream;
  turn: number;
  frames: number;
  /** Those of them with a number: each frees a place in the window. */
  numbered: number;
  /** The highest seq to acknowledge; 0: none. */
  ackSeq: number;
  /** Where the stream's mark stands after the commit; 0: unchanged. */
  mark: number;
  nacks: { seq: number; fault: Fault }[];
}

/** The commit of these entries is on disk: marks move, links answer. */
export function answerEntries(entries: Entry[], counters: Counters): void {
  for (const entry of entries) {
    const { stream, link } = entry;
    if (entry.mark > stream.mark) stream.mark = entry.mark;
    link.underWay -= entry.frames;
    link.unanswered -= entry.numbered;
    if (link.entry === entry) link.entry = null;
    counters.nacksSent += entry.nacks.length;
    link.answer(entry);
  }
}

/** The frames of these entries are not stored: the streams fall back to what is on disk, and their links close. */
export function failEntries(entries: Entry[], retryAfterMs: () => number): void {
  for (const { stream, link } of entries) {
    stream.pending = stream.mark;
    link.entry = null;
    link.end('storage_unavailable', retryAfterMs());
  }
}
