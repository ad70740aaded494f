import { createFrameBuffer } from '../../schemas/frame/frameBuffer.js';
import { checkPrefix, checkTelemetry, createTelemetryHeader } from '../../schemas/frame/telemetry.js';
import { parseUpMessage } from '../../schemas/message/up.js';
import type { Fault } from '../../schemas/tables/faults.js';
import { limits } from '../../schemas/tables/limits.js';
import type { Device } from '../domain/device.js';
import type { RejectedRow } from '../domain/rejected.js';
import type { IngestLink } from '../ingest/entries.js';
import type { Ingest } from '../ingest/ingest.js';
import { tableOfMeaning } from '../ingest/meaning.js';
import type { Sources } from '../ingest/sources.js';

export interface AdmitRejectedOptions {
  ingest: Ingest;
  sources: Sources;
  /** Readings that were taken in since the gateway started its present batch. */
  readingsTaken(): number;
}

/** Resolves when the frame's readings are on disk, with their number, or with the fault that the frame still has. */
export type AdmitRejected = (device: Device, row: RejectedRow) => Promise<{ readings: number } | Fault>;

/**
 * Takes in a rejected frame that an operator admits. Its times and its number are accepted as they are; whatever else was wrong
 * must have been corrected since, for instance by a model or a metric table that was missing.
 */
export function createAdmitRejected({ ingest, sources, readingsTaken }: AdmitRejectedOptions): AdmitRejected {
  const buffer = createFrameBuffer(limits.maxFrameBytes);
  const header = createTelemetryHeader();

  function take(link: IngestLink, row: RejectedRow): Fault | null {
    const { code, bytes, encoding, receivedAt } = row;
    if (bytes.length === 0) return nothingKept;
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
    if (fault !== null) return fault;
    const otherwise = readOtherwise(row, header.table, link.source.device);
    if (otherwise !== null) return otherwise;
    const table = tableOfMeaning(row.meaning ?? {}, header.table) ?? sources.tableOf(link, header.table);
    return ingest.admitBinary(link, buffer, header, table, bytes.length, receivedAt);
  }

  return (device, row) =>
    new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error('the store cannot be written to at present'));
      const operator: IngestLink = {
        source: sources.of(device),
        stream: sources.ownStream('admitted'),
        toldSeq: 0,
        previousSeq: 0,
        unanswered: 0,
        underWay: 0,
        table: row.meaning === null ? null : tableOfMeaning(row.meaning, 0),
        refusedTables: null,
        entry: null,
        held: null,
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
}

/**
 * The fault of a binary frame whose metric numbers would be read otherwise than when it was sent; null if they mean the same. What
 * could not be read then (metric_unknown) is read by what is known now.
 */
function readOtherwise({ code, meaning }: RejectedRow, table: number, { model }: Device): Fault | null {
  if (code === 'metric_unknown' || table !== 0) return null;
  if (meaning === null)
    return { code: 'metric_unknown', message: 'an earlier version kept it without its metric table 0' };
  if (meaning.model === undefined || meaning.model === model) return null;
  const now = model === null ? 'no model' : `the model ${model}`;
  return {
    code: 'metric_unknown',
    message: `it was sent by the model ${meaning.model}, and the device has ${now} now`,
  };
}

const nothingKept: Fault = { code: 'json_invalid', message: 'its link was cut before the gateway had its bytes' };

const tooLarge: Fault = { code: 'frame_too_large', message: 'it was too large, and only its first 64 KiB are stored' };

const notTelemetry: Fault = { code: 'type_unknown', message: 'it is not telemetry' };

/** What became of an operator's request to admit a frame. */
export type AdmitResult =
  | { ok: true; readings: number }
  | { ok: false; code: 'rejected_unknown' | 'already_admitted' | 'not_admissible'; message: string };
