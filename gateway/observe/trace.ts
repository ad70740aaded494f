import type { Fault } from '../../schemas/tables/faults.js';
import type { Encoding } from '../../schemas/tables/subprotocols.js';

/** What tracing looks at of a link; it changes none of it. */
export interface TracedLink {
  source: { device: { id: string } };
  stream: { name: string; pending: number };
  previousSeq: number;
  underWay: number;
  state: string;
  closing: string | null;
  entry: TracedEntry | null;
}

export interface TracedEntry {
  nacks: { seq: number; fault: Fault }[];
}

/**
 * What became of a message. stored, duplicate, refused: telemetry. other: a message that is not telemetry. closed: the link was
 * closed because of it. lost: its commit failed.
 */
export type TraceOutcome = 'stored' | 'duplicate' | 'refused' | 'other' | 'closed' | 'lost';

/** How far one frame has come. Times are ms after its receipt; null means not yet, or never. */
export interface TracedFrame {
  id: number;
  device: string;
  stream: string;
  /** Unix ms. */
  receivedAt: number;
  encoding: Encoding;
  length: number;
  bytes: Uint8Array;
  seq: number;
  outcome: TraceOutcome;
  readings: number;
  fault: Fault | null;
  decodedMs: number;
  committedMs: number | null;
  ackedMs: number | null;
  bridgedMs: number | null;
}

interface Following extends TracedFrame {
  startMs: number;
  entry: TracedEntry | null;
  position: number;
}

export interface TraceOptions {
  /** Unix ms. */
  now(): number;
  monotonic(): number;
  /** Readings in the batch at hand. */
  batchReadings(): number;
  /** Whether a bridge waits for commits. */
  bridged: boolean;
  /** Reports a frame at its ack or its end, and again once it is bridged. */
  tell(frame: TracedFrame): void;
}

/** How many frames are followed at a time; further ones are not traced. */
const followedMax = 2_000;
/** How many bytes of a frame are kept. */
const bytesMax = 8_192;

export interface Trace {
  /** Whether anyone watches. This is the one comparison that an untraced frame costs. */
  readonly on: boolean;
  /** Follows the frames of these devices from now on, and of no others. */
  watch(ids: ReadonlySet<string>): void;
  /** Lets `take` take the message in, and records what became of it. */
  follow(link: TracedLink, message: Uint8Array, encoding: Encoding, take: () => void): void;
  /** These entries are on disk, at this position of the log. */
  committed(entries: readonly TracedEntry[], position: number): void;
  /** What was committed has been answered. */
  acked(): void;
  /** The commit of these entries failed; the devices will send their frames again. */
  failed(entries: readonly TracedEntry[]): void;
  /** The broker has everything of the log up to this position. */
  bridged(position: number): void;
}

/** Follows the frames of the devices that someone watches. Callers check `on` before they call anything else. */
export function createTrace(options: TraceOptions): Trace {
  let devices: ReadonlySet<string> = new Set();
  let nextId = 1;
  let underWay: Following[] = [];
  let unbridged: Following[] = [];

  const since = ({ startMs }: Following): number => options.monotonic() - startMs;
  const tell = ({ startMs: _, entry: __, position: ___, ...frame }: Following): void => options.tell(frame);

  const trace = {
    on: false,

    watch(ids: ReadonlySet<string>): void {
      devices = ids;
      trace.on = ids.size > 0;
      if (trace.on) return;
      underWay = [];
      unbridged = [];
    },

    follow(link: TracedLink, message: Uint8Array, encoding: Encoding, take: () => void): void {
      if (!devices.has(link.source.device.id) || underWay.length + unbridged.length >= followedMax) return take();
      const startMs = options.monotonic();
      const receivedAt = options.now();
      const bytes = message.slice(0, bytesMax);
      const before = factsOf(link, options.batchReadings());
      take();
      const seen = whatBecame(before, link, options.batchReadings());
      const frame: Following = {
        id: nextId++,
        device: link.source.device.id,
        stream: link.stream.name,
        receivedAt,
        encoding,
        length: message.length,
        bytes,
        ...seen,
        decodedMs: options.monotonic() - startMs,
        committedMs: null,
        ackedMs: null,
        bridgedMs: null,
        startMs,
        entry: link.entry,
        position: 0,
      };
      if (seen.outcome === 'other' || seen.outcome === 'closed') tell(frame);
      else underWay.push(frame);
    },

    committed(entries: readonly TracedEntry[], position: number): void {
      const those = new Set(entries);
      for (const frame of underWay) {
        if (frame.entry === null || !those.has(frame.entry)) continue;
        frame.committedMs = since(frame);
        frame.position = position;
      }
    },

    acked(): void {
      const waiting: Following[] = [];
      for (const frame of underWay) {
        if (frame.committedMs === null) waiting.push(frame);
        else {
          frame.ackedMs = since(frame);
          tell(frame);
          if (options.bridged && frame.outcome === 'stored') unbridged.push(frame);
        }
      }
      underWay = waiting;
    },

    failed(entries: readonly TracedEntry[]): void {
      const those = new Set(entries);
      underWay = underWay.filter((frame) => {
        if (frame.entry === null || !those.has(frame.entry)) return true;
        tell({ ...frame, outcome: 'lost' });
        return false;
      });
    },

    bridged(position: number): void {
      unbridged = unbridged.filter((frame) => {
        if (frame.position > position) return true;
        frame.bridgedMs = since(frame);
        tell(frame);
        return false;
      });
    },
  };
  return trace;
}

interface Facts {
  entry: TracedEntry | null;
  nacks: number;
  pending: number;
  underWay: number;
  readings: number;
}

function factsOf({ entry, stream, underWay }: TracedLink, readings: number): Facts {
  return { entry, nacks: entry?.nacks.length ?? 0, pending: stream.pending, underWay, readings };
}

/** From what the link had under way before and after: so the way of a frame needs no word about tracing. */
function whatBecame(
  before: Facts,
  link: TracedLink,
  readings: number,
): Pick<TracedFrame, 'seq' | 'outcome' | 'readings' | 'fault'> {
  const { entry, stream, underWay, previousSeq } = link;
  if (link.state !== 'open' && link.closing !== null && underWay === before.underWay)
    return { seq: 0, outcome: 'closed', readings: 0, fault: null };
  if (entry === null || underWay === before.underWay) return { seq: 0, outcome: 'other', readings: 0, fault: null };
  const nacksBefore = entry === before.entry ? before.nacks : 0;
  const nack = entry.nacks.length > nacksBefore ? entry.nacks[entry.nacks.length - 1] : null;
  if (nack !== null) return { seq: nack.seq, outcome: 'refused', readings: 0, fault: nack.fault };
  const added = readings - before.readings;
  if (stream.pending !== before.pending) return { seq: previousSeq, outcome: 'stored', readings: added, fault: null };
  // A frame without a number moves nothing; one that an older link brought is the same, less the readings.
  if (added > 0) return { seq: 0, outcome: 'stored', readings: added, fault: null };
  return { seq: previousSeq, outcome: 'duplicate', readings: 0, fault: null };
}
