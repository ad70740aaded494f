import { limits } from '../tables/limits.js';

/** What can still be read of a text that is not JSON. */
export interface Legible {
  /** The seq of a telemetry message; 0 if none stands in the text. */
  seq: number;
  /** The number of the metric table that the text declares; null if it declares none. */
  table: number | null;
  /** A bare word at the place of a value, such as `nan`; null if there is none. */
  word: string | null;
  /** The text begins an object and ends inside it, or inside a string of it. */
  isCut: boolean;
  /** The text does not begin as a message does. */
  isContinued: boolean;
}

const token = /"(?:[^"\\]|\\.)*("|\\?$)|[{}[\],:]|[^\s"{}[\],:]+/gs;
const notNumbers = /^[+-]?(nan|inf|infinity|1\.#(qnan|ind|inf))\b/i;

/**
 * Reads what stands legibly in a text that JSON.parse refused. The fields of the message itself count, not those within its values.
 * A number at the end of the text may be the beginning of a longer one, so it does not count. It never throws.
 */
export function legibleIn(text: string): Legible {
  const fields = new Map<string, string>();
  let depth = 0;
  let key: string | null = null;
  let last = '';
  let word: string | null = null;
  let isCut = false;
  let begins: boolean | null = null;
  for (const match of text.matchAll(token)) {
    const [found] = match;
    begins ??= found === '{';
    isCut = found[0] === '"' && match[1] !== '"';
    if (found === '{' || found === '[') depth++;
    else if (found === '}' || found === ']') depth--;
    else if (found === ':') key = depth === 1 && last[0] === '"' ? last.slice(1, -1) : null;
    else if (last === ':' || last === ',' || last === '[') {
      if (notNumbers.test(found)) word ??= found.slice(0, 16);
      if (key !== null && last === ':' && match.index + found.length < text.length) fields.set(key, found);
    }
    last = found;
  }
  const isMessage = begins === true;
  const type = fields.get('type');
  return {
    seq:
      isMessage && (type === undefined || type === '"telemetry"')
        ? (wholeOf(fields.get('seq'), limits.seqMax) ?? 0)
        : 0,
    table: isMessage && type === '"metrics"' ? wholeOf(fields.get('table') ?? '0', 65_535) : null,
    word,
    isCut: isMessage && (isCut || depth > 0),
    isContinued: begins === false,
  };
}

/** Null if the text is no whole number in the range. */
function wholeOf(text: string | undefined, most: number): number | null {
  return text !== undefined && /^\d{1,10}$/.test(text) && Number(text) <= most ? Number(text) : null;
}
