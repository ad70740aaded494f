import { decodeUp } from '../../../schemas/frame/decode.js';
import {
  encodeAck,
  encodeCommand,
  encodeNack,
  encodeTimeAnswer,
  encodeWelcome,
} from '../../../schemas/frame/encode.js';
import type { TelemetryFrame } from '../../../schemas/frame/types.js';
import type { CommandMessage, MetricsMessage, TelemetryMessage } from '../../../schemas/generated/device.js';
import { parseUpMessage } from '../../../schemas/message/up.js';
import { type FaultCode, faults } from '../../../schemas/tables/faults.js';
import { limits } from '../../../schemas/tables/limits.js';
import type { Encoding } from '../../../schemas/tables/subprotocols.js';

export interface Sample {
  /** As it was sent: Unix ms, an age at most 0, or absent. */
  ts?: number;
  values: Record<string, unknown>;
}

/** A telemetry frame, whichever way it was sent; `at` is the time of its receipt. */
export interface SaidFrame {
  type: 'telemetry';
  seq: number;
  samples: Sample[];
  at: number;
}

export type Said =
  | SaidFrame
  | { type: 'metrics' | 'hello' }
  | { type: 'time'; echo: number }
  | { type: 'command_update'; id: string; state: string; result?: unknown; error?: unknown };

/** A message that a gateway would refuse, and the rule that it breaks. */
export interface Offence {
  rule: string;
  reason: string;
}

export type Heard = { ok: true; said: Said; shows: string[] } | { ok: false; offence: Offence };

type Metrics = MetricsMessage['metrics'];

/** Metric tables as a gateway keeps them: table 0 with the link, numbered ones with the device. */
export interface Tables {
  numbered: Map<number, Metrics>;
  ofLink: Metrics | null;
}

const jsonRules: Partial<Record<FaultCode, string>> = { value_invalid: 'J-3', command_state_invalid: 'C-6' };
const binaryRules: Partial<Record<FaultCode, string>> = {
  frame_malformed: 'B-1',
  frame_length: 'B-2',
  value_invalid: 'B-9',
  schema_invalid: 'B-11',
  command_state_invalid: 'C-6',
};

const offence = (rule: string, reason: string): Heard => ({ ok: false, offence: { rule, reason } });

/** Reads what a device said, as strictly as a gateway does. */
export function hear(data: Buffer, isBinary: boolean, tables: Tables, at: number): Heard {
  if (data.length > limits.maxFrameBytes) return offence('J-8', `a message of ${data.length} bytes`);
  return isBinary ? hearBinary(data, tables, at) : hearText(String(data), tables, at);
}

function hearBinary(data: Buffer, tables: Tables, at: number): Heard {
  const decoded = decodeUp(data);
  if (!decoded.ok) {
    const { code, message } = decoded.fault;
    const rule = message.startsWith('offset') ? 'I-2' : (binaryRules[code] ?? 'B-1');
    return offence(rule, `${code}: ${message} (${data.subarray(0, 40).toString('hex')})`);
  }
  const { frame } = decoded;
  if (frame.type !== 'telemetry') return { ok: true, said: frame, shows: ['B-1', 'B-2'] };
  const named = withNames(frame, tables, at);
  return typeof named === 'string'
    ? offence('B-5', named)
    : { ok: true, said: named, shows: ['B-1', 'B-2', 'B-3', 'B-4', 'B-5', 'B-9', 'B-11', 'I-2'] };
}

/** The frame with names for numbers, and scaled; or a text that says what is unknown. */
function withNames(frame: TelemetryFrame, tables: Tables, at: number): SaidFrame | string {
  const table = frame.table === 0 ? tables.ofLink : tables.numbered.get(frame.table);
  if (table == null) return `frame ${frame.seq} uses metric table ${frame.table}, which was not declared`;
  const missing = frame.metrics.find((number) => number >= table.length);
  if (missing !== undefined) return `frame ${frame.seq} uses metric ${missing} of a table of ${table.length}`;
  const last = frame.rows[frame.rows.length - 1][0] as number;
  const samples = frame.rows.map(([offset, ...cells]): Sample => {
    const ts = frame.base > 0 ? frame.base + (offset as number) : frame.base + (offset as number) - last;
    const values = frame.metrics.flatMap((number, column) => {
      const cell = cells[column];
      return cell === null ? [] : [[table[number].name, cell * (table[number].scale ?? 1)]];
    });
    return { ts, values: Object.fromEntries(values) };
  });
  return { type: 'telemetry', seq: frame.seq, samples, at };
}

function hearText(text: string, tables: Tables, at: number): Heard {
  const parsed = parseUpMessage(text);
  if (!parsed.ok) {
    const { code, message, path } = parsed.fault;
    const rule = message.startsWith('a metric name') ? 'I-6' : (jsonRules[code] ?? 'J-2');
    return offence(rule, `${code}: ${message} at ${path ?? '-'} in ${text.slice(0, 120)}`);
  }
  const message = parsed.message as { type?: string };
  switch (message.type) {
    case 'metrics':
      return declare(message as MetricsMessage, tables);
    case 'hello':
    case 'time':
    case 'command_update':
      return { ok: true, said: message as Said, shows: message.type === 'hello' ? ['H-9', 'J-2'] : ['J-2'] };
    default:
      return telemetry(message as TelemetryMessage, at);
  }
}

function telemetry({ seq = 0, ts, values, samples }: TelemetryMessage, at: number): Heard {
  const all = samples ?? [{ ts, values: values ?? {} }];
  const seen = new Set<string>();
  for (const sample of all) {
    for (const metric in sample.values) {
      const identity = `${metric} at ${sample.ts ?? 0}`;
      if (seen.has(identity)) return offence('I-2', `frame ${seq} holds ${identity} twice`);
      seen.add(identity);
    }
  }
  return {
    ok: true,
    said: { type: 'telemetry', seq, samples: all as Sample[], at },
    shows: ['J-2', 'J-3', 'I-2', 'I-6'],
  };
}

function declare({ table, metrics }: MetricsMessage, tables: Tables): Heard {
  const names = metrics.map(({ name }) => name);
  if (new Set(names).size < names.length) return offence('J-7', `a table names a metric twice: ${names.join(', ')}`);
  const heard: Heard = { ok: true, said: { type: 'metrics' }, shows: ['J-5', 'J-7', 'I-6'] };
  if (table === undefined || table === 0) {
    tables.ofLink = metrics;
    return heard;
  }
  const before = tables.numbered.get(table);
  if (before !== undefined && meaningOf(before) !== meaningOf(metrics))
    return offence('J-6', `table ${table} was declared again with other contents: ${meaningOf(metrics)}`);
  tables.numbered.set(table, metrics);
  return heard;
}

const meaningOf = (metrics: Metrics): string =>
  JSON.stringify(metrics.map(({ name, unit, scale }) => [name, unit ?? '', scale ?? 1]));

/** What a peer may say; the fields that one encoding has more than the other are filled in. */
export type Word =
  | { type: 'welcome'; lastSeq: number; window: number; serverTime: number }
  | { type: 'ack'; seq: number; window?: number }
  | { type: 'nack'; seq: number; code: string }
  | CommandWord
  | { type: 'time'; echo: number; serverTime: number };

export type CommandWord = Pick<CommandMessage, 'id' | 'name' | 'params' | 'expiresAt' | 'ttlMs' | 'known'> & {
  type: 'command';
};

/** `odd`: with what a later gateway may add, unknown fields or trailing bytes. */
export function write(word: Word, encoding: Encoding, odd: boolean): string | Uint8Array {
  if (encoding === 'json') return JSON.stringify({ ...filled(word), ...(odd ? { later: { a: [1, null] } } : {}) });
  const bytes = binaryOf(word);
  return odd ? Buffer.concat([bytes, Buffer.from('0102030405', 'hex')]) : bytes;
}

function filled(word: Word): object {
  if (word.type === 'welcome')
    return { device: 'probe', stream: 'main', maxFrameBytes: 65_536, keepaliveSeconds: 25, ...word };
  return word.type === 'nack' ? { message: 'as the situation has it', ...word } : word;
}

function binaryOf(word: Word): Uint8Array {
  switch (word.type) {
    case 'welcome':
      return encodeWelcome({ maxFrameBytes: 65_536, keepaliveSeconds: 25, ...word });
    case 'ack':
      return encodeAck({ ...word, window: word.window ?? 0 });
    case 'nack':
      return nackOf(word.seq, word.code);
    case 'command':
      return encodeCommand(word);
    case 'time':
      return encodeTimeAnswer(word);
    default:
      return word satisfies never;
  }
}

/** `fault_99` is a number of a later version. */
function nackOf(seq: number, code: string): Uint8Array {
  if (code in faults) return encodeNack({ type: 'nack', seq, code: code as FaultCode, detail: 'as it must' });
  const bytes = encodeNack({ type: 'nack', seq, code: 'value_invalid', detail: 'later' });
  new DataView(bytes.buffer).setUint16(2, Number(code.replace('fault_', '')), true);
  return bytes;
}

/** A message of a type that no device of this version knows. */
export const unknownMessages = (encoding: Encoding): (string | Uint8Array)[] =>
  encoding === 'json'
    ? ['{"type":"weather","sky":["blue"],"seq":3}', '{"type":"toString"}', '{"hint":1}']
    : [Buffer.from('018f0000ffffffff0102030405', 'hex'), Buffer.from('0186', 'hex')];
