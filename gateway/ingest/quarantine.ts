import type { Fault } from '../../schemas/tables/faults.js';
import type { Encoding } from '../../schemas/tables/subprotocols.js';
import type { FrameMeaning } from '../domain/rejected.js';
import { type Counters, countBy } from '../observe/counters.js';
import type { Batcher } from './batcher.js';
import type { Entry, IngestLink } from './entries.js';
import { judgeSeq } from './numbering.js';
import type { Placing } from './placing.js';

/** Bytes that a quarantined frame takes in the batch beside its own. */
const recordBytes = 64;

/** Puts refused frames into the quarantine, in the batch with what is stored. Their nacks follow the commit. */
export class Quarantine {
  constructor(
    private readonly batcher: Batcher<Entry>,
    private readonly placing: Placing,
    private readonly counters: Counters,
  ) {}

  /**
   * `seq` is 0 if it cannot be read. `bytes` are copied. A new seq moves the stream's mark, so that the frame never comes again.
   * `meaning` stays with the frame, for the operator who admits it.
   */
  add(
    link: IngestLink,
    seq: number,
    fault: Fault,
    bytes: Uint8Array,
    encoding: Encoding,
    meaning: FrameMeaning,
    receivedAt: number,
  ): void {
    const { source, stream } = link;
    const entry = this.placing.count(link, seq);
    entry.nacks.push({ seq, fault });
    countBy(this.counters.framesRejected, fault.code);
    if (judgeSeq(seq, link.toldSeq, link.previousSeq, stream.pending) === 'new') {
      this.placing.advance(link, entry, seq);
      this.placing.addHeader(link, seq, 0, 0, receivedAt);
    }
    const { code, message, path = null } = fault;
    this.batcher.batch().rejected.push({
      deviceKey: source.device.key,
      stream: stream.name,
      seq,
      receivedAt,
      code,
      path,
      message,
      encoding,
      bytes: Uint8Array.from(bytes),
      meaning,
    });
    this.batcher.added(bytes.length + recordBytes * (1 + (meaning.metrics?.length ?? 0)));
    if (code !== 'type_unknown') link.countBadFrame();
  }
}
