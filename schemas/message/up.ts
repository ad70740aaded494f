/**
 * message/ reads, writes and explains JSON messages of devices, after their schemas in device/. Binary messages are in frame/.
 */
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { createAjv, late } from '../ajv.js';
import type {
  CommandUpdateMessage,
  HelloMessage,
  MetricsMessage,
  TelemetryMessage,
  TimeRequestMessage,
} from '../generated/device.js';
import { loadSchema } from '../load.js';
import { sentenceOf } from '../sentenceOf.js';
import type { Fault } from '../tables/faults.js';
import { limits } from '../tables/limits.js';
import { legibleIn } from './legible.js';
import { roundedNumbers, roundedRule } from './numbers.js';
import { pointerToken } from './pointer.js';

/** A text message of a device. Telemetry may leave its type out. */
export type UpMessage = TelemetryMessage | MetricsMessage | HelloMessage | CommandUpdateMessage | TimeRequestMessage;

/** A parsed message, or why it was refused. */
export type ParsedUp = { ok: true; message: UpMessage } | RefusedUp;

export interface RefusedUp {
  ok: false;
  /** The seq of a telemetry message if it can be read, else 0. */
  seq: number;
  /** The number of the metric table that the message declares, if it declares one that can be read. */
  table: number | null;
  fault: Fault;
  /** The text is not JSON, because it begins a message and ends inside it, or because it does not begin as one. */
  piece: 'begins' | 'continues' | null;
}

const ajv = late(() => createAjv({ allowUnionTypes: true }));
const validators = new Map<string, () => ValidateFunction>(
  ['telemetry', 'metrics', 'hello', 'command_update', 'time'].map((type) => [
    type,
    late(() => ajv().compile(loadSchema(`device/${type}`))),
  ]),
);

const valueRule = `a value is a finite number, a string of at most ${limits.stringBytesMax} bytes, a boolean or null`;
const characterRule = 'a string has whole characters: half a surrogate pair is not one';
const metricNameRule = 'a metric name is 1 to 64 of A-Z a-z 0-9 _ - . / :';

/** Parses and checks a text message of a device (PROTOCOL.md section 5). It never throws, and keeps unknown fields. */
export function parseUpMessage(text: string): ParsedUp {
  const parsed = parseJson(text);
  if (!parsed.ok) return refuseUnparsed(text, parsed.message);
  const message = parsed.value;
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    return refuse(0, { code: 'schema_invalid', message: 'a message is a JSON object', path: '' });
  }
  const { type = 'telemetry', seq } = message as { type?: unknown; seq?: unknown };
  const validate = typeof type === 'string' ? validators.get(type)?.() : undefined;
  if (validate === undefined)
    return refuse('values' in message || 'samples' in message ? readableSeq(seq) : 0, {
      code: 'type_unknown',
      message: `type ${shown(type)} is not one a device may send`,
    });
  const readable = type === 'telemetry' ? readableSeq(seq) : 0;
  const table = type === 'metrics' ? readableTable((message as { table?: unknown }).table) : null;
  if (!validate(message)) return refuse(readable, faultOf(validate.errors ?? [], type as string), table);
  const fault =
    roundedIn(text, type as string, message) ?? (type === 'telemetry' ? badString(message as TelemetryMessage) : null);
  return fault === null ? { ok: true, message: message as UpMessage } : refuse(readable, fault, table);
}

const refuse = (
  seq: number,
  fault: Fault,
  table: number | null = null,
  piece: RefusedUp['piece'] = null,
): RefusedUp => ({ ok: false, seq, table, fault, piece });

/** Text that is not JSON: what stands legibly in it tells its sender which message it was. */
function refuseUnparsed(text: string, message: string): RefusedUp {
  const { seq, table, word, isCut, isContinued } = legibleIn(text);
  const fault = (said: string): Fault => ({ code: 'json_invalid', message: said });
  const piece = isCut ? 'begins' : isContinued ? 'continues' : null;
  if (word !== null) return refuse(seq, fault(`${word} is no JSON: send null, or leave the metric out`), table, piece);
  if (isCut)
    return refuse(seq, fault('the text ends inside the JSON: a full buffer, or parts of one message?'), table, piece);
  return refuse(seq, fault(message), table, piece);
}

/** Where a number of a message counts; in other fields it is ignored. */
const numbersOf: Record<string, RegExp> = {
  telemetry: /^(\/samples\/\d+)?\/values\//,
  hello: /^\/attributes\//,
  metrics: /^\/metrics\/\d+\/scale$/,
  command_update: /^\/(result|error)(\/|$)/,
};

/** The text of telemetry is read a second time only if it has a number that may have been rounded. */
function roundedIn(text: string, type: string, message: object): Fault | null {
  if (type === 'telemetry' && !hasLarge(message as TelemetryMessage)) return null;
  const path = roundedNumbers(text).find((one) => numbersOf[type]?.test(one));
  return path === undefined ? null : { code: 'value_invalid', message: roundedRule, path: boundedPath(path) };
}

function parseJson(text: string): { ok: true; value: unknown } | { ok: false; message: string } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return { ok: false, message: (error as Error).message.slice(0, 120) };
  }
}

/** Also of a text: its sender looks for the number in the nack. */
function readableSeq(seq: unknown): number {
  return isWhole(seq, limits.seqMax) ? Number(seq) : 0;
}

/** Null if the table has no number that can be read. */
function readableTable(table: unknown): number | null {
  if (table === undefined) return 0;
  return isWhole(table, 65_535) ? Number(table) : null;
}

function isWhole(value: unknown, most: number): boolean {
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
  return Number.isInteger(number) && (number as number) >= 0 && (number as number) <= most;
}

/** A value in the fault of a device, cut short. */
function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 64)) : typeof value;
}

/** The error deepest in the message says most, of equals the last; where it is about a value, that is value_invalid. */
function faultOf(errors: ErrorObject[], type: string): Fault {
  const error = errors.reduce((a, b) => (b.instancePath.length >= a.instancePath.length ? b : a));
  const { keyword, instancePath } = error;
  if (keyword === 'propertyNames')
    return nameFault(instancePath, (error.params as { propertyName: string }).propertyName);
  if (type === 'telemetry' && isValuePath(instancePath))
    return { code: 'value_invalid', message: valueRule, path: boundedPath(instancePath) };
  const isState = type === 'command_update' && instancePath === '/state' && keyword === 'enum';
  const code = isState ? 'command_state_invalid' : 'schema_invalid';
  return { code, message: explain(error), path: boundedPath(instancePath) };
}

/** Under /values/ or /samples/N/values/. */
function isValuePath(path: string): boolean {
  return /^(\/samples\/\d+)?\/values\/[^/]*$/.test(path);
}

function nameFault(parent: string, name: string): Fault {
  const message = parent === '/attributes' ? 'the name of an attribute has at most 64 characters' : metricNameRule;
  return { code: 'schema_invalid', message, path: boundedPath(`${parent}/${pointerToken(name)}`) };
}

/** A name can be as long as a frame, and a nack is not to be: such a path ends at what holds the name. */
function boundedPath(path: string): string {
  return path.length <= limits.faultPathCharsMax ? path : path.slice(0, path.lastIndexOf('/'));
}

function explain(error: ErrorObject): string {
  const { keyword, instancePath } = error;
  if (keyword === 'oneOf') return 'telemetry has either values or samples';
  if (keyword === 'pattern') return instancePath === '/id' ? 'must be a UUID in lower case' : metricNameRule;
  return sentenceOf(error);
}

function hasLarge({ values, samples }: TelemetryMessage): boolean {
  if (samples === undefined) return hasLargeIn(values ?? {});
  for (let i = 0; i < samples.length; i++) if (hasLargeIn(samples[i].values)) return true;
  return false;
}

function hasLargeIn(values: Record<string, unknown>): boolean {
  for (const metric in values) {
    const value = values[metric];
    if (typeof value === 'number' && (value >= 2 ** 53 || value <= -(2 ** 53))) return true;
  }
  return false;
}

/** The schema counts characters; the limit is in bytes of UTF-8, which has no form for half a surrogate pair. */
function badString({ values, samples }: TelemetryMessage): Fault | null {
  if (samples === undefined) return badStringIn(values ?? {}, '/values');
  for (let i = 0; i < samples.length; i++) {
    const fault = badStringIn(samples[i].values, `/samples/${i}/values`);
    if (fault !== null) return fault;
  }
  return null;
}

function badStringIn(values: Record<string, unknown>, root: string): Fault | null {
  for (const metric in values) {
    const value = values[metric];
    if (typeof value !== 'string') continue;
    const isLong = value.length * 3 > limits.stringBytesMax && Buffer.byteLength(value) > limits.stringBytesMax;
    if (isLong || !value.isWellFormed()) {
      return {
        code: 'value_invalid',
        message: isLong ? valueRule : characterRule,
        path: boundedPath(`${root}/${pointerToken(metric)}`),
      };
    }
  }
  return null;
}
