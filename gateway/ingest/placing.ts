import { addFrame } from '../columns/batch.js';
import type { Counters } from '../observe/counters.js';
import type { Batcher } from './batcher.js';
import type { Entry, IngestLink } from './entries.js';
import type { Sources } from './sources.js';

/** Bytes that a frame's header takes in the batch. */
const headerBytes = 24;

/** Gives a judged frame its places: in the batch, in the window of its link, and in the answer that follows the commit. */
export class Placing {
  constructor(
    private readonly batcher: Batcher<Entry>,
    private readonly sources: Pick<Sources, 'nameStream'>,
    private readonly counters: Counters,
  ) {}

  /** A frame whose readings are in the batch. Its ack follows the commit; a frame without a number has none. */
  stored(link: IngestLink, seq: number, readings: number, bytes: number, receivedAt: number): Entry {
    const entry = this.count(link, seq);
    this.counters.framesStored++;
    link.source.meter?.chargeReadings(readings);
    if (seq === 0) this.counters.framesUnnumbered++;
    else {
      this.advance(link, entry, seq);
      entry.ackSeq = seq;
    }
    this.addHeader(link, seq, readings, bytes, receivedAt);
    return entry;
  }

  /** A frame that an older link of the stream sent before. Its ack waits for the commit of that one, or a later commit. */
  duplicate(link: IngestLink, seq: number, bytes: number): void {
    const entry = this.count(link, seq);
    entry.ackSeq = seq;
    link.previousSeq = seq;
    this.counters.framesDuplicate++;
    this.batcher.added(bytes);
  }

  /** Counts the frame as under way on its link, and returns the entry that will answer it. */
  count(link: IngestLink, seq: number): Entry {
    const entry = this.entryOf(link);
    entry.frames++;
    link.underWay++;
    if (seq > 0) {
      entry.numbered++;
      link.unanswered++;
    }
    return entry;
  }

  /** Moves the stream to a new seq, stored or refused: both are in the log with their commit. */
  advance(link: IngestLink, entry: Entry, seq: number): void {
    const { stream } = link;
    if (seq > stream.pending + 1) this.counters.seqGaps++;
    stream.pending = seq;
    link.previousSeq = seq;
    entry.mark = seq;
  }

  /** Writes the frame's header into the batch. `bytes` is what its readings came in; a refused frame has 0 readings. */
  addHeader(link: IngestLink, seq: number, readings: number, bytes: number, receivedAt: number): void {
    const { stream, source } = link;
    if (stream.id === 0) this.sources.nameStream(source, stream);
    stream.usedAt = receivedAt;
    addFrame(this.batcher.batch(), source.device.key, stream.id, seq, readings, receivedAt);
    this.batcher.added(bytes + headerBytes);
  }

  private entryOf(link: IngestLink): Entry {
    const turn = this.batcher.turn();
    if (link.entry !== null && link.entry.turn === turn) return link.entry;
    const { stream } = link;
    const entry: Entry = { link, stream, turn, frames: 0, numbered: 0, ackSeq: 0, mark: 0, nacks: [], answerAt: 0 };
    link.entry = entry;
    this.batcher.enter(entry);
    return entry;
  }
}
