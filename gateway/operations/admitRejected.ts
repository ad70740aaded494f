import { createFrameBuffer } from '../../schemas/frame/frameBuffer.js';
import { checkPrefix, checkTelemetry, createTelemetryHeader } from '../../schemas/frame/telemetry.js';
import { parseUpMessage } from '../../schemas/message/up.js';
import type { Fault } from '../../schemas/tables/faults.js';
import { limits } from '../../schemas/tables/limits.js';
import type { Device } from '../domain/device.js';
import type { RejectedRow } from '../domain/rejected.js';
import type { IngestLink } from '../ingest/entries.js';
import type { Ingest } from '../ingest/ingest.js';
import type { Sources } from '../ingest/sources.js';

/**
 * Lets a quarantined frame in after all, by an operator's word: its times and its numbering are believed, whatever else
 * was wrong with it must have been mended since (a model or a metric table added).
 */
export function createAdmission({
  ingest,
  sources,
  readingsTaken,
}: {
  ingest: Ingest;
  sources: Sources;
  readingsTaken(): number;
}) {
  const buffer = createFrameBuffer(limits.maxFrameBytes);
  const header = createTelemetryHeader();

  function take(link: IngestLink, { code, bytes, encoding, receivedAt }: RejectedRow): Fault | null {
    if (code === 'frame_too_large') return tooLarge;
    if (encoding === 'json') {
      const parsed = parseUpMessage(Buffer.from(bytes).toString());
      if (!parsed.ok) return parsed.fault;
      if (parsed.message.type !== undefined && parsed.message.type !== 'telemetry') return notTelemetry;
      return ingest.admitJson(link, parsed.message, bytes.length, receivedAt);
    }
    buffer.u8.set(bytes);
    const fault =
      checkPrefix(buffer, bytes.length) ??
      (bytes[1] === 1 ? checkTelemetry(buffer, bytes.length, header) : notTelemetry);
    return fault ?? ingest.admitBinary(link, buffer, header, bytes.length, receivedAt);
  }

  /** Resolves when the frame's readings are on disk, with how many they are, or with the fault that still keeps it out. */
  return function admit(device: Device, row: RejectedRow): Promise<{ readings: number } | Fault> {
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error('the store cannot be written to at present'));
      const operator: IngestLink = {
        source: sources.of(device),
        stream: sources.ownStream('admitted'),
        toldSeq: 0,
        previousSeq: 0,
        unanswered: 0,
        underWay: 0,
        table: null,
        entry: null,
        drain: gone,
        end: gone,
        answer: () => resolve({ readings }),
        countBadFrame() {},
      };
      const before = readingsTaken();
      const fault = take(operator, row);
      const readings = readingsTaken() - before;
      if (fault !== null) resolve(fault);
    });
  };
}

const tooLarge: Fault = { code: 'frame_too_large', message: 'no more than its first 64 KiB are kept' };

const notTelemetry: Fault = { code: 'type_unknown', message: 'it is not telemetry' };

export type AdmitResult =
  | { ok: true; readings: number }
  | { ok: false; code: 'rejected_unknown' | 'already_admitted' | 'not_admissible'; message: string };
