import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../schemas/load.js';
import { type Finding, isConforming, reportText, verdictsOf } from './report.js';
import { bindsOnlyTheGateway, judgedWhereSeen, loadRules, notJudged } from './rules.js';
import { chooser, gatewaySituations, peerSituations } from './runner.js';

const situations = [...peerSituations, ...gatewaySituations];
const all = new Set(loadRules().map(({ rule }) => rule));

test('every rule of PROTOCOL.md is judged by a situation, judged where it is seen, or listed as not judged', () => {
  const judged = new Set(situations.flatMap(({ rules }) => rules));
  const listed = new Set([...judged, ...judgedWhereSeen, ...bindsOnlyTheGateway, ...notJudged.keys()]);
  assert.deepEqual([...listed].sort(), [...all].sort());
  for (const rule of [...judged, ...judgedWhereSeen])
    assert.ok(!bindsOnlyTheGateway.has(rule) && !notJudged.has(rule), `${rule} is judged, and listed as not judged`);
  for (const rule of notJudged.keys()) assert.ok(!bindsOnlyTheGateway.has(rule), rule);
});

test('the words of a rule are its first sentence', () => {
  const words = new Map(loadRules().map((rule) => [rule.rule, rule.words]));
  assert.equal(words.get('N-2'), 'The device must not send a numbered frame before the welcome.');
  assert.equal(words.get('N-13')?.endsWith('whose numbers are above `lastSeq`.'), true);
  for (const [rule, text] of words) assert.match(text, /^[A-Z"*`].*\.$/, rule);
});

test('situations have different names, also as folder names', () => {
  const names = situations.map(({ name }) => name.replaceAll(/[^A-Za-z0-9]+/g, '-'));
  assert.equal(new Set(names).size, names.length);
});

test('a rule chooses the situations that judge it, and every rule that is judged chooses some', () => {
  const chosen = (...rules: string[]): number => situations.filter(chooser(rules)).length;
  assert.equal(chosen(), situations.length);
  for (const rule of all) if (!bindsOnlyTheGateway.has(rule) && !notJudged.has(rule)) assert.ok(chosen(rule) > 0, rule);
  assert.ok(chosen('N-4') < situations.length / 2);
});

const finding = (name: string, judgements: Finding['judgements'], shown: string[] = []): Finding => ({
  name,
  seconds: 1,
  judgements,
  shown,
  trace: [],
});

test('one failure among several situations fails a rule, and a rule that no situation showed neither passes nor fails', () => {
  const findings = [
    finding('one', [{ rule: 'N-1', reason: null }], ['J-2']),
    finding('two', [
      { rule: 'N-1', reason: 'it sent 2=r1' },
      { rule: 'N-1', reason: 'and more' },
    ]),
  ];
  const verdicts = new Map(verdictsOf(findings).map((verdict) => [verdict.rule, verdict]));
  assert.deepEqual(verdicts.get('N-1'), {
    rule: 'N-1',
    verdict: 'fail',
    reasons: [{ situation: 'two', reason: 'it sent 2=r1' }],
    situations: 2,
  });
  assert.deepEqual(
    ['J-2', 'W-1', 'W-4', 'N-12'].map((rule) => verdicts.get(rule)?.verdict),
    ['pass', 'not shown', 'gateway', 'not judged'],
  );
  assert.equal(isConforming([...verdicts.values()]), false);
  assert.match(reportText([...verdicts.values()]), /FAIL {2}N-1[^\n]*\n +two: it sent 2=r1\n/);
});

test('a program that is not a client fails, and the report says why', () => {
  const run = (...args: string[]): { code: number; out: string } => {
    try {
      const cli = join(packageRoot, 'dist', 'device-sim', 'cli.js');
      return {
        code: 0,
        out: execFileSync(process.execPath, [cli, 'conform', ...args], { encoding: 'utf8', stdio: 'pipe' }),
      };
    } catch (error) {
      const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
      return { code: status, out: stdout + stderr };
    }
  };
  const dead = run('--rule', 'N-1', '--situation', 'numbers go up', '--', 'false');
  assert.equal(dead.code, 1);
  assert.match(dead.out, /FAIL {2}N-1 .*\n +numbers go up by one: not reached: the client ended with 1/);
  const missing = run('--rule', 'N-1', '--situation', 'numbers go up', '--', 'no-such-program');
  assert.deepEqual([missing.code, /ENOENT/.test(missing.out)], [1, true]);
  assert.deepEqual(run('--encoding', 'xml', '--', 'true'), { code: 64, out: '--encoding xml: write json or binary\n' });
  assert.equal(run('--rule', 'X-1', '--', 'true').code, 64);
});
