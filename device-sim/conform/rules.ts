import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../schemas/load.js';

/** The numbered rules of PROTOCOL.md, in its order, each with its first sentence. */
export function loadRules(): { rule: string; words: string }[] {
  const page = readFileSync(join(packageRoot, 'schemas', 'PROTOCOL.md'), 'utf8');
  return [...page.matchAll(/^- \*\*([A-Z]-\d+)\*\* ((?:.+\n?)+?)(?=\n|- |\||```|$(?![\s\S]))/gm)].map(
    ([, rule, text]) => ({
      rule,
      words: firstSentence(text),
    }),
  );
}

function firstSentence(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return /^.*?[.:](?= |$)/.exec(line)?.[0].replace(/:$/, '.') ?? line;
}

/** Rules about what the gateway does, or about what a device may choose: a client cannot break them. */
export const bindsOnlyTheGateway: ReadonlySet<string> = new Set([
  ...['H-5', 'H-6', 'H-7'],
  ...['N-7', 'N-8', 'N-9', 'N-10', 'N-11'],
  ...['I-1', 'I-4', 'I-5', 'I-7', 'I-8', 'I-9', 'I-10', 'I-11'],
  ...['W-4', 'W-5', 'W-6', 'W-7', 'W-10'],
  ...['J-4', 'J-9', 'J-10', 'J-12', 'J-14', 'J-15'],
  ...['B-6', 'B-10', 'B-12', 'B-13'],
  ...['R-7', 'R-11', 'R-12'],
  ...['C-1', 'C-2'],
]);

/** Rules about messages that a device may leave out: they are judged if the client sends such a message. */
export const judgedWhereSeen: ReadonlySet<string> = new Set([
  ...['H-9', 'H-10', 'I-2', 'I-6'],
  ...['J-1', 'J-2', 'J-3', 'J-5', 'J-7', 'J-8'],
  ...['B-1', 'B-2', 'B-3', 'B-4', 'B-5', 'B-7', 'B-9', 'B-11'],
  ...['R-6', 'R-8'],
]);

/** Rules for devices that no situation can judge, each with the reason. */
export const notJudged: ReadonlyMap<string, string> = new Map([
  ['H-12', 'it concerns only devices that read one encoding'],
  ['N-12', 'it would take 4,294,967,295 frames'],
  ['R-16', 'it is good practice, not a requirement'],
  ['C-15', 'the gateway never sends such a command'],
]);
