import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../schemas/load.js';

/** The numbered rules of PROTOCOL.md, in its order, each with its first words. */
export function loadRules(): { rule: string; words: string }[] {
  const page = readFileSync(join(packageRoot, 'schemas', 'PROTOCOL.md'), 'utf8');
  return [...page.matchAll(/^- \*\*([A-Z]-\d+)\*\* (.+)$/gm)].map(([, rule, words]) => ({ rule, words }));
}

/** Rules that say what the gateway does, or what a device may do: a client cannot break them. */
export const bindsOnlyTheGateway: ReadonlySet<string> = new Set([
  ...['H-6', 'H-7'],
  ...['N-7', 'N-8', 'N-9', 'N-10', 'N-11'],
  ...['I-1', 'I-4', 'I-5', 'I-7', 'I-8'],
  ...['W-4', 'W-5', 'W-6'],
  ...['J-4', 'B-6', 'R-7'],
  ...['C-1', 'C-2'],
]);

/** Rules about what a device may leave alone: judged only where a client does it. */
export const judgedWhereSeen: ReadonlySet<string> = new Set([
  ...['H-9', 'H-10', 'I-2', 'I-6'],
  ...['J-1', 'J-2', 'J-3', 'J-5', 'J-7', 'J-8'],
  ...['B-1', 'B-2', 'B-3', 'B-4', 'B-5', 'B-7'],
  ...['R-6', 'R-8'],
]);
