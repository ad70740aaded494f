import { shortestFloat32 } from './float32.js';
import {
  commandUpdateHeaderBytes,
  frameTypes,
  frameVersion,
  rowBytes,
  rowsOffset,
  telemetryHeaderBytes,
  timeRequestBytes,
  valueKinds,
} from './layout.js';
import { commandUpdateStates } from './types.js';

/** One field of a frame as it stands in its bytes. */
export interface ExplainedField {
  /** Offset in bytes. */
  at: number;
  length: number;
  name: string;
  value: string;
  /** The fault of the field, or null if the bytes alone show none. */
  wrong: string | null;
}

/** The facts beside the bytes that explain a frame. */
export interface ExplainOptions {
  /** The receipt time in Unix ms, from which ages count back. */
  receivedAt: number;
  /** The names of the metric numbers of table 0, if they are known. */
  names?: ReadonlyMap<number, string>;
  /** How many rows are listed one by one; 40 if it is absent. Of later rows only wrong fields are listed. */
  rowsMax?: number;
}

type Fields = ExplainedField[];

const rowsMaxByDefault = 40;
const kindNames = { [valueKinds.f32]: 'f32', [valueKinds.f64]: 'f64', [valueKinds.i32]: 'i32' } as Record<
  number,
  string
>;

/**
 * Lists the fields of a device's binary frame for people, as far as they can be read, however broken the frame is. It runs in
 * browsers too. It shows what is wrong in the bytes themselves; faults of times and numbering are in the nack.
 */
export function explainFrame(bytes: Uint8Array, options: ExplainOptions): ExplainedField[] {
  const fields: Fields = [];
  if (bytes.length === 0) return fields;
  add(
    fields,
    0,
    1,
    'version',
    String(bytes[0]),
    bytes[0] === frameVersion ? null : `this gateway knows ${frameVersion}`,
  );
  if (bytes.length === 1) return missing(fields, 1, 'type');
  const explain = explanations[bytes[1]];
  const name = Object.entries(frameTypes).find(([, number]) => number === bytes[1])?.[0] ?? 'unknown';
  add(
    fields,
    1,
    1,
    'type',
    `${hex(bytes[1])} ${name}`,
    explain === undefined ? 'not a type that a device may send' : null,
  );
  if (bytes[0] !== frameVersion || explain === undefined) return rest(fields, bytes, 2);
  return explain(fields, bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), options);
}

const explanations: Record<
  number,
  (fields: Fields, bytes: Uint8Array, view: DataView, options: ExplainOptions) => Fields
> = {
  [frameTypes.telemetry]: explainTelemetry,
  [frameTypes.commandUpdate]: explainCommandUpdate,
  [frameTypes.timeRequest](fields, bytes, view) {
    if (bytes.length < timeRequestBytes) return missing(fields, 2, 'echo');
    zeros(fields, bytes, 2, 2);
    add(fields, 4, 4, 'echo', String(view.getUint32(4, true)), null);
    return leftOver(fields, bytes, timeRequestBytes);
  },
};

function explainTelemetry(fields: Fields, bytes: Uint8Array, view: DataView, options: ExplainOptions): Fields {
  if (bytes.length < telemetryHeaderBytes)
    return missing(rest(fields, bytes, 2), bytes.length, `the rest of a header of ${telemetryHeaderBytes} bytes`);
  const [columns, kind] = [bytes[2], bytes[3]];
  const base = Number(view.getBigInt64(8, true));
  const rows = view.getUint16(16, true);
  const table = view.getUint16(18, true);
  const known = kindNames[kind];
  add(fields, 2, 1, 'columns', String(columns), columns === 0 ? 'a frame has at least one' : null);
  add(
    fields,
    3,
    1,
    'value type',
    `${kind} ${known ?? ''}`.trim(),
    known === undefined ? '1 f32, 2 f64 or 3 i32' : null,
  );
  add(fields, 4, 4, 'seq', String(view.getUint32(4, true)), null);
  add(fields, 8, 8, 'base', base > 0 ? timeText(base) : `${base} ms: an age`, null);
  add(fields, 16, 2, 'rows', String(rows), rows === 0 ? 'a frame has at least one' : null);
  add(fields, 18, 2, 'metric table', String(table), null);
  if (known === undefined || columns === 0) return rest(fields, bytes, telemetryHeaderBytes);
  const metrics = explainMetrics(fields, bytes, view, columns, table === 0 ? options.names : undefined);
  const start = rowsOffset(columns);
  if (bytes.length < start) return missing(fields, bytes.length, `the rest of ${start} bytes before the rows`);
  zeros(fields, bytes, telemetryHeaderBytes + 2 * columns, start - telemetryHeaderBytes - 2 * columns);
  return explainRows(fields, bytes, view, { kind, base, rows, start, metrics, ...options });
}

function explainMetrics(
  fields: Fields,
  bytes: Uint8Array,
  view: DataView,
  columns: number,
  names: ReadonlyMap<number, string> | undefined,
): string[] {
  const metrics: string[] = [];
  const seen = new Set<number>();
  for (let column = 0; column < columns; column++) {
    const at = telemetryHeaderBytes + 2 * column;
    if (at + 2 > bytes.length) break;
    const number = view.getUint16(at, true);
    const name = names?.get(number);
    const unknown = names !== undefined && name === undefined ? 'its model has no such metric' : null;
    metrics.push(name ?? `metric ${number}`);
    add(
      fields,
      at,
      2,
      `column ${column}`,
      `${number}${name === undefined ? '' : ` ${name}`}`,
      seen.has(number) ? 'twice in one row' : unknown,
    );
    seen.add(number);
  }
  return metrics;
}

interface Rows extends ExplainOptions {
  kind: number;
  base: number;
  rows: number;
  start: number;
  metrics: string[];
}

function explainRows(fields: Fields, bytes: Uint8Array, view: DataView, frame: Rows): Fields {
  const { kind, rows, start, metrics, rowsMax = rowsMaxByDefault } = frame;
  const size = rowBytes(kind, metrics.length);
  const whole = Math.min(rows, Math.floor((bytes.length - start) / size));
  const last = whole === 0 ? 0 : view.getUint32(start + (whole - 1) * size, true);
  for (let row = 0; row < whole; row++) {
    const before = fields.length;
    explainRow(fields, bytes, view, row, last, frame);
    // After the first rows only wrong fields are listed.
    if (row < rowsMax) continue;
    const wrong = fields.splice(before).filter((field) => field.wrong !== null);
    fields.push(...wrong);
  }
  if (whole > rowsMax)
    add(fields, start + rowsMax * size, (whole - rowsMax) * size, 'further rows', String(whole - rowsMax), null);
  const end = start + whole * size;
  if (whole < rows) {
    rest(fields, bytes, end, 'part of a row');
    return missing(fields, bytes.length, `${start + rows * size - bytes.length} bytes: the header gives ${rows} rows`);
  }
  return leftOver(fields, bytes, end);
}

function explainRow(
  fields: Fields,
  bytes: Uint8Array,
  view: DataView,
  row: number,
  lastOffset: number,
  { kind, base, start, metrics, receivedAt }: Rows,
): void {
  const at = start + row * rowBytes(kind, metrics.length);
  const offset = view.getUint32(at, true);
  const time = base > 0 ? base + offset : receivedAt + base + offset - lastOffset;
  add(fields, at, 4, `row ${row}: offset`, `${offset} ms → ${timeText(time)}`, null);
  const wide = kind === valueKinds.f64;
  if (wide) zeros(fields, bytes, at + 4, 4);
  const [first, width] = wide ? [at + 8, 8] : [at + 4, 4];
  for (let column = 0; column < metrics.length; column++) {
    const valueAt = first + column * width;
    const value = readValue(view, valueAt, kind);
    const infinite = value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY;
    const text = Number.isNaN(value) ? 'no value' : String(value);
    add(fields, valueAt, width, `row ${row}: ${metrics[column]}`, text, infinite ? 'values are finite' : null);
  }
}

function readValue(view: DataView, at: number, kind: number): number {
  if (kind === valueKinds.f64) return view.getFloat64(at, true);
  if (kind === valueKinds.f32) return shortestFloat32(view.getFloat32(at, true));
  const value = view.getInt32(at, true);
  return value === -0x8000_0000 ? Number.NaN : value;
}

function explainCommandUpdate(fields: Fields, bytes: Uint8Array): Fields {
  if (bytes.length < commandUpdateHeaderBytes)
    return missing(rest(fields, bytes, 2), bytes.length, `the rest of a header of ${commandUpdateHeaderBytes} bytes`);
  const state = commandUpdateStates[bytes[2] - 1];
  add(
    fields,
    2,
    1,
    'state',
    `${bytes[2]} ${state ?? ''}`.trim(),
    state === undefined ? 'not a state that a device reports' : null,
  );
  zeros(fields, bytes, 3, 1);
  const id = Array.from(bytes.subarray(4, 20), (byte) => byte.toString(16).padStart(2, '0')).join('');
  add(fields, 4, 16, 'command', id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'), null);
  if (bytes.length === commandUpdateHeaderBytes) return fields;
  const text = new TextDecoder().decode(bytes.subarray(commandUpdateHeaderBytes));
  add(
    fields,
    commandUpdateHeaderBytes,
    bytes.length - commandUpdateHeaderBytes,
    'result or error',
    text,
    isJson(text) ? null : 'not JSON',
  );
  return fields;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function add(fields: Fields, at: number, length: number, name: string, value: string, wrong: string | null): void {
  fields.push({ at, length, name, value, wrong });
}

/** Reserved bytes. They are listed only if they are not 0. */
function zeros(fields: Fields, bytes: Uint8Array, at: number, length: number): void {
  const found = bytes.subarray(at, at + length);
  if (found.some((byte) => byte !== 0)) add(fields, at, length, 'reserved', hexText(found), 'reserved bytes are zero');
}

function missing(fields: Fields, at: number, what: string): Fields {
  add(fields, at, 0, 'missing', what, 'the message ends before it');
  return fields;
}

/** Bytes after the last field. */
function leftOver(fields: Fields, bytes: Uint8Array, at: number): Fields {
  return rest(fields, bytes, at, 'left over', 'no field has these bytes');
}

/** Bytes that belong to no field. */
function rest(fields: Fields, bytes: Uint8Array, at: number, name = 'not read', wrong: string | null = null): Fields {
  if (at >= bytes.length) return fields;
  const left = bytes.subarray(at);
  const text = hexText(left.subarray(0, 16)) + (left.length > 16 ? ' …' : '');
  add(fields, at, left.length, name, text, wrong);
  return fields;
}

const hex = (byte: number): string => `0x${byte.toString(16).padStart(2, '0')}`;
const hexText = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');

function timeText(ts: number): string {
  const date = new Date(ts);
  return Number.isNaN(date.getTime()) ? `${ts} ms` : date.toISOString();
}
