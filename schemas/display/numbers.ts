/**
 * display/ writes values for people: numbers with their units, counts, bytes, spans of time and long texts. The console and the command
 * line share it, so that a value looks the same in both. It imports nothing of Node and no other folder, and it never writes for
 * programs: JSON, CSV and MQTT carry every digit (message/valueText.ts).
 *
 * The convention:
 * - A value has about four digits: four below 100, five from 100 on, and never fewer than its whole part has. Zeros at the end are left out.
 * - The values of one metric that stand together have the same scale and the same number of decimals: `scaleOf` takes all of them.
 * - Thousands are separated by a comma, decimals by a point, in every language, as in the API and the documentation.
 * - From 10,000 on and below 0.1, a unit with prefixes is scaled: 2.589 GJ, 3.4 mA. Bytes are scaled by 1,024: 68.2 GiB. Temperatures,
 *   shares, angles, logarithmic units and counts are never scaled, and neither are units that have a prefix already, such as kW.
 * - Degrees of latitude and longitude keep six decimals, which are about 0.1 m.
 * - A number too large or too small to write out has an exponent: 1e300. No number at all is an en dash.
 */
import { type Unit, unitOf } from './units.js';

/** How the values of one metric are written: divided by `divisor`, with `decimals` decimals, and followed by `unit`. */
export interface Scale {
  divisor: number;
  decimals: number;
  /** With its prefix, such as GJ; the empty text for a plain number. */
  unit: string;
}

/** From here on, and below the reciprocal, numbers have an exponent. */
const writtenOutMax = 1e15;
const writtenOutMin = 1e-6;
const [scaledFrom, scaledBelow] = [10_000, 0.1];

/** The scale for values that stand together, such as one metric's column or chart. Values that are no finite numbers do not count. */
export function scaleOf(values: Iterable<number>, unit: string | null): Scale {
  const finite = [...values].filter(Number.isFinite);
  const greatest = finite.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const { divisor, text } = unit === 'B' ? byteStep(greatest) : prefixed(unitOf(unit), greatest);
  const decimals =
    unitOf(unit).decimals ??
    (unit === 'B' ? byteDecimals(greatest / divisor, divisor) : decimalsOf(finite.map((value) => value / divisor)));
  return { divisor, decimals, unit: text };
}

/** How many metrics the scales of `createScales` remember before they begin anew. */
const rememberedMax = 10_000;

/**
 * Returns a function that gives the scale for a value as it arrives, when its neighbours are not known: values of a live feed, one line or
 * one cell each. It remembers per metric and unit how many decimals the values needed so far, so that they do not jump.
 */
export function createScales(): (metric: string, value: number, unit: string | null) => Scale {
  const seen = new Map<string, { needed: number; greatest: number }>();
  return (metric, value, unit) => {
    const scale = scaleOf([value], unit);
    if (unit === 'B' || unitOf(unit).decimals !== undefined || !Number.isFinite(value)) return scale;
    const key = `${metric} ${scale.unit}`;
    if (seen.size >= rememberedMax && !seen.has(key)) seen.clear();
    const [before, size] = [seen.get(key), Math.abs(value / scale.divisor)];
    const now = {
      needed: Math.max(before?.needed ?? 0, scale.decimals),
      greatest: Math.max(before?.greatest ?? 0, size),
    };
    seen.set(key, now);
    // A value far below the greatest one keeps at least two digits.
    const own = Math.min(scale.decimals, decimalsMax(size) - 2);
    return { ...scale, decimals: Math.max(Math.min(now.needed, decimalsMax(now.greatest)), own) };
  };
}

/** A value in a scale, without its unit. */
export const numberIn = (value: number, { divisor, decimals }: Scale): string => numberText(value / divisor, decimals);

/** A value with its unit, such as `2.589 GJ`; in a scale of its own unless one is given. */
export function quantityText(value: number, unit: string | null, scale: Scale = scaleOf([value], unit)): string {
  return withUnit(numberIn(value, scale), scale.unit);
}

/** A number and a unit with a space between them, except before a sign of degrees: `21.5 °C`, but `53.570832°`. */
export const withUnit = (number: string, unit: string): string =>
  unit === '' ? number : unit === '°' ? `${number}°` : `${number} ${unit}`;

/** Formats by their number of decimals: making one takes some hundred times as long as using it. */
const formats: Intl.NumberFormat[] = [];

function formatOf(decimals: number): Intl.NumberFormat {
  formats[decimals] ??= new Intl.NumberFormat('en', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  return formats[decimals];
}

/** A number for people. `decimals` is as many as it needs, unless it stands among others (`decimalsOf`). */
export function numberText(value: number, decimals: number = decimalsOf([value])): string {
  if (Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '-∞';
  const size = Math.abs(value);
  if (size >= writtenOutMax || (size > 0 && size < writtenOutMin))
    return value.toExponential(3).replace(/\.?0*e\+?/, 'e');
  const text = formatOf(decimals).format(value);
  // A small negative number that is rounded to zero has no sign.
  return /^-[0.,]*$/.test(text) ? text.slice(1) : text;
}

/** How many decimals these numbers need when they stand together: those that remain after rounding to about four digits. */
export function decimalsOf(values: Iterable<number>): number {
  const finite = [...values].filter((value) => Number.isFinite(value) && Math.abs(value) < writtenOutMax);
  const greatest = finite.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const most = decimalsMax(greatest);
  return finite.reduce((count, value) => Math.max(count, decimalsIn(value.toFixed(most))), 0);
}

/** Four digits below 100, five from there on. */
function decimalsMax(greatest: number): number {
  if (greatest === 0) return 0;
  const exponent = Math.floor(Math.log10(greatest));
  return Math.min(9, Math.max(0, (exponent < 2 ? 3 : 4) - exponent));
}

const decimalsIn = (text: string): number => /\.(\d*?)0*$/.exec(text)?.[1].length ?? 0;

/** The unit with the prefix for values of this size. */
function prefixed({ text, up, down }: Unit, size: number): { divisor: number; text: string } {
  if (up !== undefined && size >= scaledFrom) return step(up, 1000, Math.log10(size) / 3, text);
  if (down !== undefined && size > 0 && size < scaledBelow) return step(down, 0.001, -Math.log10(size) / 3 + 1, text);
  return { divisor: 1, text };
}

function step(prefixes: string, factor: number, steps: number, text: string): { divisor: number; text: string } {
  // log10 of a power of ten may be off by its last bit, as for 1e15.
  const count = Math.min(prefixes.length, Math.floor(steps + (factor > 1 ? 1e-12 : -1e-12)));
  return { divisor: factor ** count, text: `${prefixes[count - 1]}${text}` };
}

const sizes = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

function byteStep(bytes: number): { divisor: number; text: string } {
  const power = bytes < 1 ? 0 : Math.min(sizes.length - 1, Math.floor(Math.log2(bytes) / 10));
  return { divisor: 1024 ** power, text: sizes[power] };
}

/** Three digits, and whole numbers for single bytes. */
const byteDecimals = (size: number, divisor: number): number => (divisor === 1 || size >= 99.95 ? 0 : 1);

/** A number of bytes in the largest unit that fits, such as `1.5 MiB`. */
export const bytesText = (bytes: number): string => quantityText(bytes, 'B');

/** A whole number with separators for thousands. */
export const countText = (count: number | bigint): string => count.toLocaleString('en');

/** A count with its noun: `1 device`, `1,200 devices`. The plural is the noun with an s, unless it is given. */
export const countOf = (count: number, one: string, many = `${one}s`): string =>
  `${countText(count)} ${count === 1 ? one : many}`;
