import type { CloseName } from '../../schemas/tables/closeCodes.js';
import type { Fault } from '../../schemas/tables/faults.js';
import type { Counters } from '../observe/counters.js';
import type { MetricTable } from './metricTable.js';
import type { Source, Stream } from './source.js';

/** What ingest needs of a link; link/link.ts implements it. */
export interface IngestLink {
  source: Source;
  stream: Stream;
  /** lastSeq of this link's welcome. */
  readonly toldSeq: number;
  /** The highest good seq on this link, or toldSeq. */
  previousSeq: number;
  /** How many numbered frames were taken in and are not answered yet: what the window counts. */
  unanswered: number;
  /** How many frames were taken in and are not on disk yet, numbered or not. */
  underWay: number;
  /** The metric table that was declared on this link without a number. */
  table: MetricTable | null;
  /** By number the tables whose declaration was refused on this link, with their contents if they could be read. Null: none was. */
  refusedTables: Map<number, MetricTable | null> | null;
  /** What the next commit will answer. */
  entry: Entry | null;
  /** Entries that are on disk, and whose answer waits; null if there is none. */
  held: Entry[] | null;
  /** Stops reading, answers what is under way, then closes the link. */
  drain(close: CloseName, retryAfterMs?: number): void;
  /** Closes the link at once. */
  end(close: CloseName, retryAfterMs?: number): void;
  /** Everything in the entry is on disk. */
  answer(entry: Entry): void;
  /** Counts a refused frame towards too_many_bad_frames. */
  countBadFrame(): void;
}

/** One link's share of one batch. */
export interface Entry {
  link: IngestLink;
  stream: Stream;
  turn: number;
  frames: number;
  /** How many of these frames have a number: each frees a place in the window. */
  numbered: number;
  /** The highest seq to acknowledge; 0 if there is none. */
  ackSeq: number;
  /** The stream's mark after the commit; 0 if it does not change. */
  mark: number;
  nacks: { seq: number; fault: Fault }[];
  /** The answer waits until then, Unix ms; 0 if it need not wait. */
  answerAt: number;
}

/** An answer waits at most this long, whatever the clock does meanwhile. */
const heldMaxMs = 1_000;

/** What answering needs of its surroundings. */
export interface Answering {
  counters: Counters;
  /** Unix ms. */
  now(): number;
  schedule(delayMs: number, run: () => void): void;
}

/**
 * The commit of these entries is on disk: moves the marks and answers the links. The answers of one link stay in their order, so
 * one that must wait holds back those behind it.
 */
export function answerEntries(entries: Entry[], answering: Answering): void {
  for (const entry of entries) {
    const { stream, link } = entry;
    if (entry.mark > stream.mark) stream.mark = entry.mark;
    if (link.entry === entry) link.entry = null;
    if (link.held !== null) link.held.push(entry);
    else if (entry.answerAt === 0 || waitMs(entry, answering) === 0) answer(entry, answering);
    else {
      link.held = [entry];
      answering.schedule(waitMs(entry, answering), () => answerHeld(link, answering));
    }
  }
}

/** Answers what need not wait any longer. The first entry has waited its time. */
function answerHeld(link: IngestLink, answering: Answering): void {
  const held = link.held ?? [];
  for (let first = true; held.length > 0; first = false) {
    const ms = first ? 0 : waitMs(held[0], answering);
    if (ms > 0) return answering.schedule(ms, () => answerHeld(link, answering));
    answer(held.shift() as Entry, answering);
  }
  link.held = null;
}

const waitMs = ({ answerAt }: Entry, { now }: Answering): number =>
  Math.min(heldMaxMs, Math.max(0, Math.ceil(answerAt - now())));

function answer(entry: Entry, { counters }: Answering): void {
  const { link } = entry;
  link.underWay -= entry.frames;
  link.unanswered -= entry.numbered;
  counters.nacksSent += entry.nacks.length;
  link.answer(entry);
}

/** The frames of these entries are not stored: sets the streams back to what is on disk, and closes the links. */
export function failEntries(entries: Entry[], retryAfterMs: () => number): void {
  for (const { stream, link } of entries) {
    stream.pending = stream.mark;
    link.entry = null;
    link.end('storage_unavailable', retryAfterMs());
  }
}
