import { bindsOnlyTheGateway, loadRules } from './rules.js';
import type { Played } from './stage/stage.js';

/** What came of one situation. */
export interface Finding extends Played {
  name: string;
  seconds: number;
}

export interface Verdict {
  rule: string;
  verdict: 'pass' | 'fail' | 'not shown' | 'gateway';
  /** The first of each situation that failed. */
  reasons: { situation: string; reason: string }[];
  /** How many situations judged it. */
  situations: number;
}

/** One verdict for each rule of PROTOCOL.md; with `only`, for those. */
export function verdictsOf(findings: readonly Finding[], only: readonly string[] = []): Verdict[] {
  return loadRules()
    .filter(({ rule }) => only.length === 0 || only.includes(rule))
    .map(({ rule }) => verdictOf(rule, findings));
}

function verdictOf(rule: string, findings: readonly Finding[]): Verdict {
  const judging = findings.filter(({ judgements }) => judgements.some((judgement) => judgement.rule === rule));
  const reasons = judging.flatMap(({ name, judgements }) => {
    const failed = judgements.find((judgement) => judgement.rule === rule && judgement.reason !== null);
    return failed === undefined ? [] : [{ situation: name, reason: failed.reason as string }];
  });
  const wasSeen = judging.length > 0 || findings.some(({ shown }) => shown.includes(rule));
  return { rule, verdict: verdict(), reasons, situations: judging.length };

  function verdict(): Verdict['verdict'] {
    if (reasons.length > 0) return 'fail';
    if (wasSeen) return 'pass';
    return bindsOnlyTheGateway.has(rule) ? 'gateway' : 'not shown';
  }
}

export const isConforming = (verdicts: readonly Verdict[]): boolean =>
  verdicts.every(({ verdict }) => verdict !== 'fail');

const labels: Record<Verdict['verdict'], string> = {
  pass: 'pass',
  fail: 'FAIL',
  'not shown': '-',
  gateway: '-',
};

const notes: Record<Verdict['verdict'], string> = {
  pass: '',
  fail: '',
  'not shown': 'nothing that this client did shows it',
  gateway: 'binds the gateway',
};

const wordsMax = 76;

/** For people: a line a rule, and one more a failed situation. */
export function reportText(verdicts: readonly Verdict[]): string {
  const words = new Map(loadRules().map((rule) => [rule.rule, rule.words]));
  const lines = verdicts.flatMap(({ rule, verdict, reasons }) => {
    const text = notes[verdict] === '' ? shortened(words.get(rule) ?? '') : `(${notes[verdict]})`;
    return [
      `${labels[verdict].padEnd(5)} ${rule.padEnd(5)} ${text}`,
      ...reasons.map(({ situation, reason }) => `              ${situation}: ${reason}`),
    ];
  });
  const count = (wanted: Verdict['verdict']): number => verdicts.filter(({ verdict }) => verdict === wanted).length;
  const rest = `${count('gateway')} bind the gateway, ${count('not shown')} not shown`;
  return [...lines, '', `${count('pass')} rules passed, ${count('fail')} failed (${rest})`].join('\n');
}

function shortened(words: string): string {
  const plain = words.replaceAll('**', '').replaceAll('`', '');
  return plain.length <= wordsMax ? plain : `${plain.slice(0, wordsMax - 1)}…`;
}
