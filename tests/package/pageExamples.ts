/** A page's examples: each is a shell block, and the answer that the page shows below it. */
export interface Example {
  /** Line of the page at which the shell block begins, from 0. */
  line: number;
  program: string;
  /** Where the answer's block begins and ends in the page's lines; null if the page shows none. */
  answer: { from: number; to: number; text: string } | null;
}

/** A comment of the page that the test acts on: `<!-- keep COMMAND = id -->` is the verb keep and the rest. */
export interface Direction {
  line: number;
  verb: string;
  rest: string;
}

export type PagePart = ({ kind: 'example' } & Example) | ({ kind: 'direction' } & Direction);

const directionPattern = /^<!-- (\w+)(?: (.*))? -->$/;

/** The shell blocks of a page with the `http` block that follows each, and the page's directions, in order. */
export function pageParts(page: string): PagePart[] {
  const lines = page.split('\n');
  const parts: PagePart[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const direction = lines[at].match(directionPattern);
    if (direction !== null) parts.push({ kind: 'direction', line: at, verb: direction[1], rest: direction[2] ?? '' });
    if (!lines[at].startsWith('```')) continue;
    const end = endOfBlock(lines, at);
    if (lines[at] === '```sh') {
      const program = lines.slice(at + 1, end).join('\n');
      parts.push({ kind: 'example', line: at, program, answer: answerBelow(lines, end) });
    }
    at = end;
  }
  return parts;
}

function endOfBlock(lines: string[], start: number): number {
  const end = lines.indexOf('```', start + 1);
  if (end === -1) throw new Error(`the block in line ${start + 1} has no end`);
  return end;
}

function answerBelow(lines: string[], end: number): Example['answer'] {
  const from = end + 2;
  if (lines[end + 1] !== '' || lines[from] !== '```http') return null;
  const to = endOfBlock(lines, from);
  return { from, to, text: lines.slice(from + 1, to).join('\n') };
}

/** The request of a program that calls curl; null if it calls no path of $TIDEGATE. */
export function requestIn(program: string): { method: string; path: string; body: string | null } | null {
  const text = program.replaceAll(/\\\n\s*/g, '');
  const path = text.match(/\$TIDEGATE([^\s"'?]*)/)?.[1];
  if (path === undefined) return null;
  const [, plain, quoted] = text.match(/--json (?:'([^']*)'|"((?:[^"\\]|\\.)*)")/) ?? [];
  const body = plain ?? quoted?.replaceAll(/\\(.)/g, '$1') ?? null;
  const method = text.match(/--request (\w+)/)?.[1] ?? (body === null ? 'GET' : 'POST');
  return { method: method.toLowerCase(), path, body };
}

/** Whether a route's path with its parameters, such as /v1/devices/{id}, fits the path of a request. */
export const fitsPath = (template: string, path: string): boolean =>
  new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path);

const lineCharsMax = 118;

/** JSON as a person would lay it out: what fits into a line is one line. */
export function laidOut(value: unknown, indent = ''): string {
  const short = oneLine(value);
  if (value === null || typeof value !== 'object' || indent.length + short.length <= lineCharsMax) return short;
  const inner = `${indent}  `;
  const [open, close, items] = Array.isArray(value)
    ? ['[', ']', value.map((item) => laidOut(item, inner))]
    : ['{', '}', Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${laidOut(item, inner)}`)];
  return `${open}\n${items.map((item) => inner + item).join(',\n')}\n${indent}${close}`;
}

function oneLine(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${oneLine(item)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

const uuidPattern = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const masked = (text: string): string => text.replaceAll(uuidPattern, 'UUID').replaceAll(/\d+/g, '0');

/**
 * Where an answer differs in form from the one that the page shows; null if it does not. Fields, kinds of values, lengths of lists and
 * words must be the same; numbers, ids and cursors may differ, and a field may be null in one of them.
 */
export function differenceOf(shown: unknown, got: unknown, path = ''): string | null {
  if (shown === null || got === null || path.endsWith('/next')) return null;
  if (typeof shown !== typeof got || Array.isArray(shown) !== Array.isArray(got))
    return `${path}: the page shows ${JSON.stringify(shown)}, the gateway answered ${JSON.stringify(got)}`;
  if (typeof shown === 'number') return null;
  if (typeof shown === 'string')
    return masked(shown) === masked(got as string)
      ? null
      : `${path}: the page shows ${shown}, the gateway answered ${got}`;
  if (typeof shown === 'boolean')
    return shown === got ? null : `${path}: the page shows ${shown}, the gateway answered ${got}`;
  const keys = (value: unknown): string[] => Object.keys(value as object).sort();
  if (keys(shown).join() !== keys(got).join())
    return `${path}: the page shows ${keys(shown).join(', ')}, the gateway answered ${keys(got).join(', ')}`;
  for (const key of keys(shown)) {
    const inside = differenceOf((shown as never)[key], (got as never)[key], `${path}/${key}`);
    if (inside !== null) return inside;
  }
  return null;
}
