/**
 * walk/ does what a reader of the README does: it runs every command of the page as it is printed, in the page's order, and fails at the
 * first one that does not do what the page shows below it.
 */
import { stripVTControlCharacters } from 'node:util';

/** A command that a page prints, and the output that the page shows for it. */
export interface Step {
  /** Line of the page, from 1. */
  line: number;
  command: string;
  /** The lines of the output block below it; none if the page shows none. */
  shown: string[];
}

/** A program that a page prints to be saved or pasted. */
export interface Listing {
  line: number;
  language: string;
  text: string;
}

export type PagePiece = ({ kind: 'step' } & Step) | ({ kind: 'listing' } & Listing);

const commandStart = /^(?:npm|npx|node) /;
/** A command in running text. Capital letters stand for what the reader puts in, and dots for what is left out. */
const inlineCommand = /`((?:npx tidegate(?:-sim)?|npm start --|npm run demo --) [^`]*)`/g;
const placeholder = /\b[A-Z]{2,}\b|…/;

/** The commands and programs of a page in its order: lines of code blocks, and commands in running text that need nothing filled in. */
export function piecesOf(page: string): PagePiece[] {
  const pieces: PagePiece[] = [];
  const lines = page.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    if (!lines[at].startsWith('```')) {
      for (const [, command] of lines[at].matchAll(inlineCommand))
        if (!placeholder.test(command)) pieces.push({ kind: 'step', line: at + 1, command, shown: [] });
      continue;
    }
    const end = lines.indexOf('```', at + 1);
    if (end === -1) throw new Error(`the code block in line ${at + 1} has no end`);
    const language = lines[at].slice(3);
    const block = lines.slice(at + 1, end);
    if (language !== '') pieces.push({ kind: 'listing', line: at + 1, language, text: block.join('\n') });
    else if (block.some((line) => line.startsWith('$ '))) pieces.push(...transcript(block, at + 2));
    else if (commandStart.test(block[0])) pieces.push(...commands(block, at + 2));
    else attach(pieces, block, at + 1);
    at = end;
  }
  return pieces;
}

/** Lines of a shell session: commands after `$ `, each with its output below. */
function transcript(block: string[], line: number): PagePiece[] {
  const steps: ({ kind: 'step' } & Step)[] = [];
  for (const [index, text] of block.entries()) {
    if (text.startsWith('$ ')) steps.push({ kind: 'step', line: line + index, command: text.slice(2), shown: [] });
    else if (text !== '') steps.at(-1)?.shown.push(text);
  }
  return steps;
}

function commands(block: string[], line: number): PagePiece[] {
  return block
    .map((text, index): PagePiece => {
      return { kind: 'step', line: line + index, command: text.replace(/\s{2,}#.*$/, ''), shown: [] };
    })
    .filter((piece) => piece.kind === 'step' && piece.command !== '');
}

/** A block without commands is what the last command prints. */
function attach(pieces: PagePiece[], block: string[], line: number): void {
  const last = pieces.findLast((piece) => piece.kind === 'step');
  if (last?.kind !== 'step') throw new Error(`the output in line ${line} belongs to no command`);
  last.shown.push(...block.filter((text) => text.trim() !== ''));
}

/**
 * A line without what differs from run to run: numbers, times, ids, keys, the names of states, and how wide columns are. Two outputs of the
 * same kind have the same forms.
 */
export function formOf(line: string): string {
  return stripVTControlCharacters(line)
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, 'ID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z?/g, 'TIME')
    .replaceAll(/\b(tg[kd])_[\w-]+|\b(tg[kd])_…/g, '$1$2_KEY')
    .replaceAll(/\b(state|door) \w+/g, '$1 STATE')
    .replaceAll(/-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?/g, '0')
    .replaceAll(/\b0 (?:[kMGTPm]|[KMGT]i)(?=[A-Z])/g, '0 ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** The first line that the page shows and the output does not have, in the page's order; null if it has all of them. */
export function missingLine(shown: readonly string[], output: string): string | null {
  const printed = output.split('\n').map(formOf);
  let from = 0;
  for (const line of shown) {
    const at = printed.indexOf(formOf(line), from);
    if (at === -1) return line;
    from = at + 1;
  }
  return null;
}
