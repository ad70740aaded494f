/**
 * ingest/ takes a decoded frame to its place in the batch: numbering, times, kinds, ranges, quarantine, and the batch itself.
 * It knows neither sockets (link/) nor the disk (store/).
 */
import type { FrameBuffer } from '../../schemas/frame/frameBuffer.js';
import type { TelemetryHeader } from '../../schemas/frame/telemetry.js';
import type { MetricsMessage, TelemetryMessage } from '../../schemas/generated/device.js';
import type { CloseName } from '../../schemas/tables/closeCodes.js';
import type { Fault } from '../../schemas/tables/faults.js';
import { limits } from '../../schemas/tables/limits.js';
import type { Encoding } from '../../schemas/tables/subprotocols.js';
import type { FrameMeaning } from '../domain/rejected.js';
import type { Counters } from '../observe/counters.js';
import type { Clock } from '../process/clock.js';
import type { Batcher } from './batcher.js';
import { takeBinary } from './binaryTelemetry.js';
import type { Entry, IngestLink } from './entries.js';
import { isOwn, takeJson } from './jsonTelemetry.js';
import { meaningOfBinary, meaningOfJson } from './meaning.js';
import type { MetricTable } from './metricTable.js';
import { judgeSeq, type SeqVerdict, seqFaultMessage } from './numbering.js';
import { Placing } from './placing.js';
import { Quarantine } from './quarantine.js';
import { type FrameTimes, type SeriesRules, setTimeBounds, setWidestBounds, type Taken } from './rules.js';
import type { Source } from './source.js';
import type { Sources } from './sources.js';

export interface IngestOptions {
  clock: Clock;
  counters: Counters;
  batcher: Batcher<Entry>;
  sources: Sources;
  /** How long readings are kept, in ms: older ones are refused. */
  retentionMs: number;
  /** How many series a device may have. */
  seriesMax: number;
  /** How many bytes may wait for the disk. */
  queuedBytesMax: number;
  /** Whether more waits for a consumer of the log than may wait. */
  backlogFull(): boolean;
  /** Whether the disk takes writes. */
  writable(): boolean;
  /** Whether the gateway's own clock can be believed (PROTOCOL.md, clock_untrusted). */
  clockTrusted(now: number): boolean;
  /** What devices' own times say about the gateway's clock. */
  clockWatch: {
    heard(source: Source, agrees: boolean): void;
    /** Whether the clock, and not the device, may be what is wrong with a frame that is so far ahead. */
    isClockAtFault(source: Source, aheadMs: number): boolean;
  };
}

/** Why nothing is taken in at the moment. */
export type Unavailable = 'storage_unavailable' | 'clock_untrusted' | 'overloaded';

/** Frames without a number have no window. A link with more than this under way sends too fast. */
const underWayMax = limits.window + 1024;

/** How far ahead of the clock times may be that the gateway makes up (ages.ts). */
const madeUpAheadMaxMs = 1_000;
/** From here on the ack of a frame waits until the clock has caught up, so that a device which waits for acks is slowed down. */
const madeUpAheadMs = 250;

/** From a decoded frame to its place in the batch, or into the quarantine. Nothing here waits. */
export class Ingest {
  /** One record for all frames, written for each of them and passed on, so that a frame allocates none. */
  private readonly times: FrameTimes = { receivedAt: 0, madeUpMax: 0, madeUpLast: 0, timeMin: 0, timeMax: 0 };
  private readonly rules: SeriesRules;
  private readonly placing: Placing;
  private readonly quarantine: Quarantine;

  constructor(private readonly options: IngestOptions) {
    const { batcher, sources, counters } = options;
    this.rules = {
      seriesMax: options.seriesMax,
      createSeries: sources.createSeries,
      usedBefore: sources.usedBefore,
      outOfRange(count) {
        counters.valuesOutOfRange += count;
      },
    };
    this.placing = new Placing(batcher, sources, counters);
    this.quarantine = new Quarantine(batcher, this.placing, counters);
  }

  /** Sets how many series a device may have from now on. */
  limitSeries(most: number): void {
    this.rules.seriesMax = most;
  }

  /** Why no frame can be taken in at present, from whichever device; null if frames are taken. */
  unavailable(now: number): Unavailable | null {
    const { options } = this;
    if (!options.writable()) return 'storage_unavailable';
    if (!options.clockTrusted(now)) return 'clock_untrusted';
    return options.batcher.queuedBytes() > options.queuedBytesMax || options.backlogFull() ? 'overloaded' : null;
  }

  /** Takes a binary telemetry frame that has passed `checkTelemetry`, in the first `length` bytes of the buffer. */
  binary(link: IngestLink, buffer: FrameBuffer, header: TelemetryHeader, length: number): void {
    const { seq } = header;
    const verdict = this.arrive(link, seq, length);
    if (verdict === null) return;
    if (verdict === 'duplicate') return this.placing.duplicate(link, seq, length);
    const batch = this.options.batcher.batch();
    const before = batch.readings;
    const table = this.options.sources.tableOf(link, header.table);
    const taken =
      this.seqFault(link, verdict, seq) ??
      declaredOtherwise(link, header.table) ??
      takeBinary(link.source, table, buffer, header, this.times, this.rules, batch);
    if (taken !== null) {
      const meaning = meaningOfBinary(link, table, buffer, header);
      return this.refuseTaken(link, seq, taken, buffer.u8.subarray(0, length), 'binary', meaning);
    }
    this.stored(link, seq, batch.readings - before, length, header.base);
  }

  /** Takes a JSON telemetry message that has the form of its schema; `bytes` are its text. */
  json(link: IngestLink, message: TelemetryMessage, bytes: Uint8Array): void {
    const seq = message.seq ?? 0;
    const verdict = this.arrive(link, seq, bytes.length);
    if (verdict === null) return;
    if (verdict === 'duplicate') return this.placing.duplicate(link, seq, bytes.length);
    const batch = this.options.batcher.batch();
    const before = batch.readings;
    const taken =
      this.seqFault(link, verdict, seq) ??
      takeJson(link.source, this.options.sources.columnByName(link), message, this.times, this.rules, batch);
    if (taken !== null) return this.refuseTaken(link, seq, taken, bytes, 'json', meaningOfJson(link, message));
    const time = message.samples === undefined ? message.ts : message.samples.at(-1)?.ts;
    this.stored(link, seq, batch.readings - before, bytes.length, isOwn(time) ? time : 0);
  }

  /**
   * Takes a message that is no valid frame into the quarantine; its nack follows. `seq` is 0 if it cannot be read. Its own fault
   * counts before any fault of its seq.
   */
  refuse(link: IngestLink, seq: number, fault: Fault, bytes: Uint8Array, encoding: Encoding): void {
    if (this.arrive(link, seq, bytes.length) === null) return;
    this.quarantine.add(link, seq, fault, bytes, encoding, {}, this.times.receivedAt);
  }

  /** Takes a metric table. Returns the fault if it cannot be taken. */
  declare(link: IngestLink, message: MetricsMessage): Fault | null {
    const fault = this.options.sources.declare(link, message);
    if (fault === null) this.options.batcher.added(64);
    return fault;
  }

  /** The declaration of a table was refused for its form: its frames have no meaning on this link. */
  declarationRefused(link: IngestLink, table: number): void {
    this.options.sources.refuseTable(link, table, null);
  }

  /**
   * Stores a quarantined binary frame that an operator admits, with its time of receipt: neither its number nor its times are
   * checked. `link` stands for the operator, and `table` is that of the frame. Returns the fault that still keeps the frame out.
   */
  admitBinary(
    link: IngestLink,
    buffer: FrameBuffer,
    header: TelemetryHeader,
    table: MetricTable | null,
    length: number,
    receivedAt: number,
  ): Fault | null {
    const { batcher } = this.options;
    const before = this.beginAdmission(receivedAt);
    const fault = takeBinary(link.source, table, buffer, header, this.times, this.rules, batcher.batch());
    return faultOf(fault) ?? this.admitted(link, before, length);
  }

  /** Stores a quarantined JSON message that an operator admits, as `admitBinary` does. */
  admitJson(link: IngestLink, message: TelemetryMessage, bytes: number, receivedAt: number): Fault | null {
    const { batcher, sources } = this.options;
    const before = this.beginAdmission(receivedAt);
    const fault = takeJson(link.source, sources.columnByName(link), message, this.times, this.rules, batcher.batch());
    return faultOf(fault) ?? this.admitted(link, before, bytes);
  }

  /** Stamps a frame with its receipt time and returns what its seq is worth; null if the link was closed instead. */
  private arrive(link: IngestLink, seq: number, bytes: number): SeqVerdict | null {
    const { clock, counters, retentionMs } = this.options;
    const now = clock.now();
    counters.framesReceived++;
    counters.bytesReceived += bytes;
    const refusal = this.refusalOf(link, seq, now);
    if (refusal !== null) {
      link.drain(refusal);
      return null;
    }
    const { times } = this;
    times.receivedAt = link.source.receivedAt = now;
    times.madeUpMax = now + madeUpAheadMaxMs;
    times.madeUpLast = 0;
    setTimeBounds(times, now, retentionMs);
    return judgeSeq(seq, link.toldSeq, link.previousSeq, link.stream.pending);
  }

  private refusalOf(link: IngestLink, seq: number, now: number): CloseName | null {
    const why = this.unavailable(now);
    if (why !== null) return why === 'clock_untrusted' ? 'storage_unavailable' : why;
    if (seq > 0 && link.unanswered >= limits.window) return 'window_exceeded';
    return link.underWay >= underWayMax ? 'rate_limited' : null;
  }

  private seqFault(link: IngestLink, verdict: SeqVerdict, seq: number): Fault | null {
    if (verdict === 'new' || verdict === 'unnumbered') return null;
    const message = seqFaultMessage(verdict, seq, link.toldSeq, link.previousSeq, link.stream.pending);
    return { code: 'seq_invalid', message };
  }

  /** `time` is one of the frame that the device gave itself, or at most 0. */
  private stored(link: IngestLink, seq: number, readings: number, bytes: number, time: number): void {
    const { receivedAt, madeUpLast } = this.times;
    this.options.clockWatch.heard(link.source, Math.abs(time - receivedAt) <= limits.timeAheadMaxMs);
    const entry = this.placing.stored(link, seq, readings, bytes, receivedAt);
    if (madeUpLast > receivedAt) entry.answerAt = Math.max(entry.answerAt, madeUpLast - madeUpAheadMs);
  }

  /** A frame that is not stored goes into the quarantine, unless it may come again: then the link is closed. */
  private refuseTaken(
    link: IngestLink,
    seq: number,
    taken: Exclude<Taken, null>,
    bytes: Uint8Array,
    encoding: Encoding,
    meaning: FrameMeaning,
  ): void {
    if (taken === 'crowded') return link.drain('rate_limited', madeUpAheadMaxMs);
    const { aheadMs = 0 } = taken;
    if (aheadMs > 0 && this.options.clockWatch.isClockAtFault(link.source, aheadMs))
      return link.drain('storage_unavailable');
    this.quarantine.add(link, seq, taken, bytes, encoding, meaning, this.times.receivedAt);
  }

  /** Returns how many readings the batch holds before the admitted frame. */
  private beginAdmission(receivedAt: number): number {
    this.times.receivedAt = receivedAt;
    this.times.madeUpMax = null;
    setWidestBounds(this.times);
    return this.options.batcher.batch().readings;
  }

  private admitted(link: IngestLink, before: number, bytes: number): null {
    const readings = this.options.batcher.batch().readings - before;
    this.placing.stored(link, 0, readings, bytes, this.times.receivedAt);
    return null;
  }
}

/** The fault of a frame whose table this link declared, and was refused: it has another meaning than what is kept for the number. */
function declaredOtherwise({ refusedTables }: IngestLink, table: number): Fault | null {
  if (refusedTables === null || !refusedTables.has(table)) return null;
  return { code: 'metric_unknown', message: `this link declared table ${table} otherwise, and that was refused` };
}

/** An admitted frame keeps its times, so it is never crowded. */
function faultOf(taken: Taken): Fault | null {
  return taken === 'crowded' ? null : taken;
}
