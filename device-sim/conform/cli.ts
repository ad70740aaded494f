/**
 * `tidegate-sim conform`. conform/ judges a client of the protocol rule by rule: it runs the situations and reports what held.
 * Fleets and load belong to run/.
 */
import { Command } from 'commander';
import type { Encoding } from '../../schemas/tables/subprotocols.js';
import { type Finding, isConforming, reportText, verdictsOf } from './report.js';
import { loadRules } from './rules.js';
import { conform } from './runner.js';

interface Options {
  encoding: string;
  rule: string[];
  situation?: string;
  width: string;
  json?: boolean;
  trace?: boolean;
}

const exitCodes = { failed: 1, usage: 64 };

/** `tidegate-sim conform -- CMD…`: exit code 0 if no rule failed. */
export const conformCommand = new Command('conform')
  .description(
    'run a client program through scripted situations and report pass or fail per protocol rule (clients/CONFORMANCE.md)',
  )
  .argument('<command...>', 'the client program and its arguments, after --')
  .option('--encoding <name>', 'json or binary: the value of TIDEGATE_ENCODING for the client', 'json')
  .option('--rule <rule>', 'run only the situations that judge this rule, such as N-4; may be repeated', gather, [])
  .option('--situation <text>', 'run only the situations whose name contains this text')
  .option('--width <n>', 'number of situations that run at the same time', '8')
  .option('--json', 'print the report as JSON')
  .option('--trace', 'print the lines that were exchanged with the client in each failed situation')
  .action(run);

function gather(one: string, all: string[]): string[] {
  return [...all, one];
}

async function run(
  command: string[],
  { encoding, rule: rules, situation, width, json, trace }: Options,
): Promise<void> {
  const wrong = usageFault(encoding, rules, width);
  if (wrong !== null) {
    console.error(wrong);
    process.exitCode = exitCodes.usage;
    return;
  }
  const progress = (name: string, done: number, of: number): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${done}/${of} ${name}${done === of ? '\n' : ''}`);
  };
  const findings = await conform({
    command,
    encoding: encoding as Encoding,
    rules,
    situation,
    width: Number(width),
    progress,
  });
  const verdicts = verdictsOf(findings, rules);
  if (trace) console.error(tracesOf(findings));
  console.log(
    json
      ? JSON.stringify({ command, encoding, passed: isConforming(verdicts), rules: verdicts })
      : reportText(verdicts),
  );
  process.exitCode = isConforming(verdicts) ? 0 : exitCodes.failed;
}

function usageFault(encoding: string, rules: string[], width: string): string | null {
  if (encoding !== 'json' && encoding !== 'binary') return `--encoding ${encoding}: write json or binary`;
  const known = new Set(loadRules().map(({ rule }) => rule));
  const unknown = rules.find((rule) => !known.has(rule));
  if (unknown !== undefined) return `--rule ${unknown}: PROTOCOL.md has no such rule; write one such as N-4`;
  return /^[1-9]\d?$/.test(width) ? null : `--width ${width}: write a whole number from 1 to 99`;
}

function tracesOf(findings: Finding[]): string {
  return findings
    .filter(({ judgements }) => judgements.some(({ reason }) => reason !== null))
    .map(({ name, trace }) => [`--- ${name}`, ...trace].join('\n'))
    .join('\n');
}
