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
import type { Counters } from '../observe/counters.js';
import type { Clock } from '../process/clock.js';
import type { Batcher } from './batcher.js';
import { takeBinary } from './binaryTelemetry.js';
import type { Entry, IngestLink } from './entries.js';
import { takeJson } from './jsonTelemetry.js';
import { judgeSeq, type SeqVerdict, seqFaultMessage } from './numbering.js';
import { Placing } from './placing.js';
import { Quarantine } from './quarantine.js';
import { type FrameTimes, type SeriesRules, setTimeBounds, setWidestBounds } from './rules.js';
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
}

/** Why nothing is taken in at the moment. */
export type Unavailable = 'storage_unavailable' | 'clock_untrusted' | 'overloaded';

/** Frames without a number have no window. A link with more than this under way sends too fast. */
const underWayMax = limits.window + 1024;

/** How far ahead of the clock ages may move a device's times of receipt (ages.ts). */
const receiptAheadMaxMs = 1_000;

/** From a decoded frame to its place in the batch, or into the quarantine. Nothing here waits. */
export class Ingest {
  /** One record for all frames, written for each of them and passed on, so that a frame allocates none. */
  private readonly times: FrameTimes = { receivedAt: 0, delayMax: 0, timeMin: 0, timeMax: 0 };
  private readonly rules: SeriesRules;
  private readonly placing: Placing;
  private readonly quarantine: Quarantine;

  constructor(private readonly options: IngestOptions) {
    const { batcher, sources, counters } = options;
    this.rules = {
      seriesMax: options.seriesMax,
      createSeries: sources.createSeries,
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
    const fault =
      this.seqFault(link, verdict, seq) ??
      takeBinary(
        link.source,
        this.options.sources.tableOf(link, header.table),
        buffer,
        header,
        this.times,
        this.rules,
        batch,
      );
    if (fault !== null) this.quarantineFrame(link, seq, fault, buffer.u8.subarray(0, length), 'binary');
    else this.placing.stored(link, seq, batch.readings - before, length, this.times.receivedAt);
  }

  /** Takes a JSON telemetry message that has the form of its schema; `bytes` are its text. */
  json(link: IngestLink, message: TelemetryMessage, bytes: Uint8Array): void {
    const seq = message.seq ?? 0;
    const verdict = this.arrive(link, seq, bytes.length);
    if (verdict === null) return;
    if (verdict === 'duplicate') return this.placing.duplicate(link, seq, bytes.length);
    const batch = this.options.batcher.batch();
    const before = batch.readings;
    const fault =
      this.seqFault(link, verdict, seq) ??
      takeJson(link.source, this.options.sources.columnByName(link), message, this.times, this.rules, batch);
    if (fault !== null) this.quarantineFrame(link, seq, fault, bytes, 'json');
    else this.placing.stored(link, seq, batch.readings - before, bytes.length, this.times.receivedAt);
  }

  /**
   * Takes a message that is no valid frame into the quarantine; its nack follows. `seq` is 0 if it cannot be read. Its own fault
   * counts before any fault of its seq.
   */
  refuse(link: IngestLink, seq: number, fault: Fault, bytes: Uint8Array, encoding: Encoding): void {
    if (this.arrive(link, seq, bytes.length) === null) return;
    this.quarantineFrame(link, seq, fault, bytes, encoding);
  }

  /** Takes a metric table. Returns the fault if it cannot be taken. */
  declare(link: IngestLink, message: MetricsMessage): Fault | null {
    const fault = this.options.sources.declare(link, message);
    if (fault === null) this.options.batcher.added(64);
    return fault;
  }

  /**
   * Stores a quarantined binary frame that an operator admits, with its time of receipt: neither its number nor its times are
   * checked. `link` stands for the operator. Returns the fault that still keeps the frame out.
   */
  admitBinary(
    link: IngestLink,
    buffer: FrameBuffer,
    header: TelemetryHeader,
    length: number,
    receivedAt: number,
  ): Fault | null {
    const { batcher, sources } = this.options;
    const before = this.beginAdmission(receivedAt);
    const table = sources.tableOf(link, header.table);
    const fault = takeBinary(link.source, table, buffer, header, this.times, this.rules, batcher.batch());
    return fault ?? this.admitted(link, before, length);
  }

  /** Stores a quarantined JSON message that an operator admits, as `admitBinary` does. */
  admitJson(link: IngestLink, message: TelemetryMessage, bytes: number, receivedAt: number): Fault | null {
    const { batcher, sources } = this.options;
    const before = this.beginAdmission(receivedAt);
    const fault = takeJson(link.source, sources.columnByName(link), message, this.times, this.rules, batcher.batch());
    return fault ?? this.admitted(link, before, bytes);
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
    const { source } = link;
    const { times } = this;
    times.receivedAt = source.receivedAt = now > source.receivedAt ? now : source.receivedAt + 1;
    times.delayMax = Math.max(0, now + receiptAheadMaxMs - source.receivedAt);
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

  private quarantineFrame(link: IngestLink, seq: number, fault: Fault, bytes: Uint8Array, encoding: Encoding): void {
    this.quarantine.add(link, seq, fault, bytes, encoding, this.times.receivedAt);
  }

  /** Returns how many readings the batch holds before the admitted frame. */
  private beginAdmission(receivedAt: number): number {
    this.times.receivedAt = receivedAt;
    this.times.delayMax = 0;
    setWidestBounds(this.times);
    return this.options.batcher.batch().readings;
  }

  private admitted(link: IngestLink, before: number, bytes: number): null {
    const readings = this.options.batcher.batch().readings - before;
    this.placing.stored(link, 0, readings, bytes, this.times.receivedAt);
    return null;
  }
}
