import type { FrameBuffer } from '../../schemas/frame/frameBuffer.js';
import type { TelemetryHeader } from '../../schemas/frame/telemetry.js';
import type { MetricsMessage, TelemetryMessage } from '../../schemas/generated/device.js';
import type { CloseName } from '../../schemas/tables/closeCodes.js';
import type { Fault } from '../../schemas/tables/faults.js';
import { limits } from '../../schemas/tables/limits.js';
import { addFrame, type Batch } from '../columns/batch.js';
import { type Counters, countBy } from '../observe/counters.js';
import type { Clock } from '../process/clock.js';
import type { Batcher } from './batcher.js';
import { takeBinary } from './binaryTelemetry.js';
import type { Entry, IngestLink } from './entries.js';
import { takeJson } from './jsonTelemetry.js';
import { judgeSeq, type SeqVerdict, seqFaultMessage } from './numbering.js';
import { type Rules, timeBounds, widestBounds } from './rules.js';
import type { Sources } from './sources.js';

export interface IngestOptions {
  clock: Clock;
  counters: Counters;
  batcher: Batcher<Entry>;
  sources: Sources;
  retentionMs: number;
  seriesMax: number;
  queuedBytesMax: number;
  /** True while more waits for a consumer of the log than may. */
  backlogFull(): boolean;
  /** False while nothing can be written. */
  writable(): boolean;
  /** False while the gateway's own clock is behind its data (DESIGN section 3). */
  clockTrusted(now: number): boolean;
}

export type Ingest = ReturnType<typeof createIngest>;

export type Encoding = 'json' | 'binary';

/** Best-effort frames have no window; a link with more under way than this is sending too fast. */
const underWayMax = limits.window + 1024;

/** How far ahead of the clock ages may move a device's receipts (ages.ts). */
const receiptAheadMaxMs = 1_000;

/** From a decoded frame to its place in the batch: numbering, identity of times, and refusals into the quarantine. */
export function createIngest(options: IngestOptions) {
  const { clock, counters, batcher, sources } = options;
  const rules: Rules = {
    receivedAt: 0,
    delayMax: 0,
    timeMin: 0,
    timeMax: 0,
    seriesMax: options.seriesMax,
    createSeries: sources.createSeries,
    outOfRange: (count) => {
      counters.valuesOutOfRange += count;
    },
  };

  /** Gives a frame that may be taken in its time of receipt; false where the link was closed instead. */
  function arrive(link: IngestLink, seq: number, bytes: number): boolean {
    const now = clock.now();
    counters.framesReceived++;
    counters.bytesReceived += bytes;
    const refusal = refusalOf(link, seq, now);
    if (refusal !== null) {
      link.drain(refusal);
      return false;
    }
    const { source } = link;
    rules.receivedAt = source.receivedAt = now > source.receivedAt ? now : source.receivedAt + 1;
    const bounds = timeBounds(now, options.retentionMs);
    rules.delayMax = Math.max(0, now + receiptAheadMaxMs - source.receivedAt);
    rules.timeMin = bounds.timeMin;
    rules.timeMax = bounds.timeMax;
    return true;
  }

  function refusalOf(link: IngestLink, seq: number, now: number): CloseName | null {
    if (!options.writable() || !options.clockTrusted(now)) return 'storage_unavailable';
    if (batcher.queuedBytes() > options.queuedBytesMax || options.backlogFull()) return 'overloaded';
    if (seq > 0 && link.unanswered >= limits.window) return 'window_exceeded';
    return link.underWay >= underWayMax ? 'rate_limited' : null;
  }

  function judge(link: IngestLink, seq: number): SeqVerdict {
    return judgeSeq(seq, link.toldSeq, link.previousSeq, link.stream.pending);
  }

  function entryOf(link: IngestLink): Entry {
    const turn = batcher.turn();
    if (link.entry !== null && link.entry.turn === turn) return link.entry;
    const entry: Entry = { link, stream: link.stream, turn, frames: 0, numbered: 0, ackSeq: 0, mark: 0, nacks: [] };
    link.entry = entry;
    batcher.enter(entry);
    return entry;
  }

  /** The frame is under way, and will be answered with this entry. */
  function count(link: IngestLink, seq: number): Entry {
    const entry = entryOf(link);
    entry.frames++;
    link.underWay++;
    if (seq > 0) {
      entry.numbered++;
      link.unanswered++;
    }
    return entry;
  }

  /** Advances the stream to a new seq, stored or refused; both are in the log with their commit. */
  function advance(link: IngestLink, entry: Entry, seq: number): void {
    const { stream } = link;
    if (seq > stream.pending + 1) counters.seqGaps++;
    stream.pending = seq;
    link.previousSeq = seq;
    entry.mark = seq;
  }

  function enterFrame(link: IngestLink, seq: number, readings: number, bytes: number): void {
    const { stream, source } = link;
    const { receivedAt } = rules;
    source.receivedAt = Math.max(source.receivedAt, receivedAt);
    if (stream.id === 0) sources.nameStream(source, stream);
    stream.usedAt = receivedAt;
    addFrame(batcher.batch(), source.device.key, stream.id, seq, readings, receivedAt);
    batcher.added(bytes + 24);
  }

  /** Ends a frame that was taken in: its place in the batch, its place in the window, its ack to come. */
  function settle(link: IngestLink, seq: number, readings: number, bytes: number): void {
    const entry = count(link, seq);
    counters.framesStored++;
    link.source.meter?.chargeReadings(readings);
    if (seq === 0) counters.framesUnnumbered++;
    else {
      advance(link, entry, seq);
      entry.ackSeq = seq;
    }
    enterFrame(link, seq, readings, bytes);
  }

  /** An older link of the stream brought this frame in; the ack waits for the commit it rides in, or a later one. */
  function settleDuplicate(link: IngestLink, seq: number, bytes: number): void {
    const entry = count(link, seq);
    entry.ackSeq = seq;
    link.previousSeq = seq;
    counters.framesDuplicate++;
    batcher.added(bytes);
  }

  function quarantine(link: IngestLink, seq: number, fault: Fault, bytes: Uint8Array, encoding: Encoding): void {
    const entry = count(link, seq);
    entry.nacks.push({ seq, fault });
    countBy(counters.framesRejected, fault.code);
    if (seq > 0 && judge(link, seq) === 'new') {
      advance(link, entry, seq);
      enterFrame(link, seq, 0, 0);
    }
    const { source, stream } = link;
    const { code, message, path = null } = fault;
    batcher.batch().rejected.push({
      deviceKey: source.device.key,
      stream: stream.name,
      seq,
      receivedAt: rules.receivedAt,
      code,
      path,
      message,
      encoding,
      bytes: Uint8Array.from(bytes),
    });
    batcher.added(bytes.length + 64);
    if (code !== 'type_unknown') link.countBadFrame();
  }

  function seqFault(link: IngestLink, verdict: SeqVerdict, seq: number): Fault {
    return {
      code: 'seq_invalid',
      message: seqFaultMessage(verdict, seq, link.toldSeq, link.previousSeq, link.stream.pending),
    };
  }

  function beginAdmission(receivedAt: number): { batch: Batch; before: number } {
    rules.receivedAt = receivedAt;
    rules.delayMax = 0;
    Object.assign(rules, widestBounds);
    const batch = batcher.batch();
    return { batch, before: batch.readings };
  }

  function isRefusal(verdict: SeqVerdict): boolean {
    return verdict !== 'new' && verdict !== 'unnumbered' && verdict !== 'duplicate';
  }

  return {
    /** Another limit from here on. */
    limitSeries(most: number): void {
      rules.seriesMax = most;
    },

    /** A telemetry frame that has passed `checkTelemetry`, in the first `length` bytes of the buffer. */
    binary(link: IngestLink, buffer: FrameBuffer, header: TelemetryHeader, length: number): void {
      const { seq } = header;
      if (!arrive(link, seq, length)) return;
      const verdict = judge(link, seq);
      if (verdict === 'duplicate') return settleDuplicate(link, seq, length);
      const batch = batcher.batch();
      const before = batch.readings;
      const fault = isRefusal(verdict)
        ? seqFault(link, verdict, seq)
        : takeBinary(link.source, sources.tableOf(link, header.table), buffer, header, rules, batch);
      if (fault === null) settle(link, seq, batch.readings - before, length);
      else quarantine(link, seq, fault, buffer.u8.subarray(0, length), 'binary');
    },

    /** A telemetry message of the right form; `bytes` is its text. */
    json(link: IngestLink, message: TelemetryMessage, bytes: Uint8Array): void {
      const seq = message.seq ?? 0;
      if (!arrive(link, seq, bytes.length)) return;
      const verdict = judge(link, seq);
      if (verdict === 'duplicate') return settleDuplicate(link, seq, bytes.length);
      const batch = batcher.batch();
      const before = batch.readings;
      const fault = isRefusal(verdict)
        ? seqFault(link, verdict, seq)
        : takeJson(link.source, sources.columnByName(link), message, rules, batch);
      if (fault === null) settle(link, seq, batch.readings - before, bytes.length);
      else quarantine(link, seq, fault, bytes, 'json');
    },

    /** A message that is not a frame: into the quarantine, and a nack once it is there. `seq` is 0 where it cannot be read. Its own fault comes before what its seq may be worth. */
    refuse(link: IngestLink, seq: number, fault: Fault, bytes: Uint8Array, encoding: Encoding): void {
      if (!arrive(link, seq, bytes.length)) return;
      quarantine(link, seq, fault, bytes, encoding);
    },

    /** A metric table; the fault where it cannot be taken. */
    declare(link: IngestLink, message: MetricsMessage): Fault | null {
      const fault = sources.declare(link, message);
      if (fault === null) batcher.added(64);
      return fault;
    },

    /** A quarantined binary frame let in after all, numbering and the rules of time waived; `link` stands for the operator. */
    admitBinary(
      link: IngestLink,
      buffer: FrameBuffer,
      header: TelemetryHeader,
      length: number,
      receivedAt: number,
    ): Fault | null {
      const { batch, before } = beginAdmission(receivedAt);
      const table = sources.tableOf(link, header.table);
      const fault = takeBinary(link.source, table, buffer, header, rules, batch);
      if (fault === null) settle(link, 0, batch.readings - before, length);
      return fault;
    },

    admitJson(link: IngestLink, message: TelemetryMessage, bytes: number, receivedAt: number): Fault | null {
      const { batch, before } = beginAdmission(receivedAt);
      const fault = takeJson(link.source, sources.columnByName(link), message, rules, batch);
      if (fault === null) settle(link, 0, batch.readings - before, bytes);
      return fault;
    },
  };
}
