import { bindsOnlyTheGateway, loadRules, notJudged } from './rules.js';
import type { Played } from './stage/stage.js';

/** The result of one situation. */
export interface Finding extends Played {
  name: string;
  seconds: number;
}

export interface Verdict {
  rule: string;
  verdict: 'pass' | 'fail' | 'not shown' | 'not judged' | 'gateway';
  /** The first failure of each situation that failed. */
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
    if (notJudged.has(rule)) return 'not judged';
    return bindsOnlyTheGateway.has(rule) ? 'gateway' : 'not shown';
  }
}

export const isConforming = (verdicts: readonly Verdict[]): boolean =>
  verdicts.every(({ verdict }) => verdict !== 'fail');

const labels: Record<Verdict['verdict'], string> = {
  pass: 'pass',
  fail: 'FAIL',
  'not shown': '-',
  'not judged': '-',
  gateway: '-',
};

const wordsMax = 110;

/** For people: one line per rule, and one more per situation that failed. */
export function reportText(verdicts: readonly Verdict[]): string {
  const words = new Map(loadRules().map((rule) => [rule.rule, rule.words]));
  const lines = verdicts.flatMap(({ rule, verdict, reasons }) => {
    const text = noteOf(rule, verdict) ?? shortened(words.get(rule) ?? '');
    return [
      `${labels[verdict].padEnd(5)} ${rule.padEnd(5)} ${text}`,
      ...reasons.map(({ situation, reason }) => `              ${situation}: ${reason}`),
    ];
  });
  const count = (wanted: Verdict['verdict']): number => verdicts.filter(({ verdict }) => verdict === wanted).length;
  const rest = [
    `${count('gateway')} concern only the gateway`,
    `${count('not shown')} were not seen`,
    `${count('not judged')} cannot be judged`,
  ].join(', ');
  return [...lines, '', `${count('pass')} rules passed, ${count('fail')} failed (${rest})`].join('\n');
}

/** Why a rule has no result; null: it has one. */
function noteOf(rule: string, verdict: Verdict['verdict']): string | null {
  switch (verdict) {
    case 'pass':
    case 'fail':
      return null;
    case 'gateway':
      return '(concerns only the gateway)';
    case 'not shown':
      return '(not seen: the client did nothing to which this rule applies)';
    case 'not judged':
      return `(not judged: ${notJudged.get(rule)})`;
    default:
      return verdict satisfies never;
  }
}

function shortened(words: string): string {
  const plain = words.replaceAll('**', '').replaceAll('`', '');
  return plain.length <= wordsMax ? plain : `${plain.slice(0, wordsMax - 1)}…`;
}
