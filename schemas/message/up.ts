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

/** A text message of a device. Telemetry may leave its type out. */
export type UpMessage = TelemetryMessage | MetricsMessage | HelloMessage | CommandUpdateMessage | TimeRequestMessage;

/** A parsed message, or why it was refused. `seq` is that of a telemetry message if it can be read, else 0. */
export type ParsedUp = { ok: true; message: UpMessage } | { ok: false; seq: number; fault: Fault };

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
  if (!parsed.ok) return refuse(0, { code: 'json_invalid', message: parsed.message });
  const message = parsed.value;
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    return refuse(0, { code: 'schema_invalid', message: 'a message is a JSON object', path: '' });
  }
  const { type = 'telemetry', seq } = message as { type?: unknown; seq?: unknown };
  const validate = typeof type === 'string' ? validators.get(type)?.() : undefined;
  if (validate === undefined)
    return refuse(0, { code: 'type_unknown', message: `type ${shown(type)} is not one a device may send` });
  const readable = type === 'telemetry' && isSeq(seq) ? seq : 0;
  if (!validate(message)) return refuse(readable, faultOf(validate.errors ?? [], type as string));
  const fault = type === 'telemetry' ? badString(message as TelemetryMessage) : null;
  return fault === null ? { ok: true, message: message as UpMessage } : refuse(readable, fault);
}

const refuse = (seq: number, fault: Fault): ParsedUp => ({ ok: false, seq, fault });

function parseJson(text: string): { ok: true; value: unknown } | { ok: false; message: string } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return { ok: false, message: (error as Error).message.slice(0, 120) };
  }
}

function isSeq(seq: unknown): seq is number {
  return Number.isInteger(seq) && (seq as number) >= 0 && (seq as number) <= limits.seqMax;
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

/** A name as a reference token of a JSON Pointer (RFC 6901 section 3). */
export function pointerToken(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
