/**
 * The program `tidegate-sim`: it reads the arguments, runs a fleet and prints the result. program/ has only what a person types and
 * sees; the folders beside it do the work.
 */
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { basename } from 'node:path';
import { Command } from 'commander';
import { countOf } from '../../schemas/display/numbers.js';
import { readJson } from '../../schemas/load.js';
import { reasonOf } from '../api/operatorApi.js';
import { defaultFolder, runningOn } from '../api/running.js';
import { conformCommand } from '../conform/cli.js';
import { type Fleet, FleetError } from '../fleet/fleet.js';
import { loadFleet } from '../fleet/loadFleet.js';
import {
  type Changes,
  changedFleet,
  deviceUrlBeside,
  deviceUrlOf,
  durationOf,
  operatorKey,
  wholeNumber,
} from '../fleet/runOptions.js';
import { needsVerify, parseThreshold, type Threshold } from '../fleet/threshold.js';
import { htmlReport } from '../report/htmlReport.js';
import { createLine, summaryOf, textOfChecks, unreachableText } from '../report/report.js';
import { createLiveView } from '../report/terminal.js';
import { type Check, checksOf } from '../report/thresholds.js';
import { askYes, unaskedText } from '../run/ask.js';
import type { FleetResult, Progress } from '../run/result.js';
import { isVerified, runFleet } from '../run/runFleet.js';
import { untilSignal } from '../run/untilSignal.js';

interface Options extends Changes {
  duration?: string;
  verify?: boolean;
  require: string[];
  report?: string;
  processes?: string;
  remove?: boolean;
  yes?: boolean;
  url?: string;
  deviceUrl?: string;
  key?: string;
  data: string;
  json?: boolean;
}

const defaultUrl = 'http://127.0.0.1:8081';

const exitCodes = { unclean: 1, unavailable: 69, misused: 78 };

const linesEvery = 5;

/** `tidegate-sim`, which cli.ts runs. */
export const program = new Command('tidegate-sim')
  .description('runs a fleet of simulated devices against a gateway')
  .argument('<fleet>', 'fleet file (YAML), or the name of one in config/fleets: demo, bench-1000')
  .option('--devices <n>', 'number of devices; the groups keep their proportions')
  .option('--rate <hz>', 'frames per second of each device')
  .option(
    '--duration <time>',
    'duration after the ramp, such as 60s or 5m (a number without a unit is seconds); by default that of the phases, or until Ctrl-C',
  )
  .option('--seed <s>', 'seed of the signals, the faults and everything else that is random')
  .option('--prefix <text>', 'put before every device id, so that it differs from those of existing devices')
  .option(
    '--verify',
    'read everything back at the end and compare; exit code 1 if anything is lost, duplicated, altered or invented; a threshold on one of these turns it on',
  )
  .option('--require <threshold>', "fail if it does not hold, such as 'ackP99Ms<50'; repeatable", collect, [])
  .option('--report <file>', 'write a page with plots')
  .option('--processes <n>', 'number of processes for the devices; by default one per 15,000 devices')
  .option('--remove', 'remove the devices and erase their readings at the end; asks before it starts')
  .option('--yes', 'do not ask; needed for --remove without a terminal')
  .option(
    '--url <url>',
    `operator API (default: TIDEGATE_URL, else that of the gateway that runs on the data folder, else ${defaultUrl})`,
  )
  .option('--device-url <url>', 'where devices connect (default: port 8080 of the host of --url)')
  .option('--key <key>', 'operator key (TIDEGATE_KEY; default: <data>/admin.key)')
  .option('--data <dir>', 'data folder of the gateway; if only the demo runs here, data-demo', defaultFolder())
  .option('--json', 'print the result as JSON')
  .action(run)
  .addCommand(conformCommand)
  .showHelpAfterError('(add --help to see the options; tidegate-sim demo runs 25 devices)')
  // Commander has printed the help or what is wrong.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : exitCodes.misused));

// A reader such as `head` may leave before everything is printed: the run ends. Without a reader of errors it goes on.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

async function run(name: string, options: Options): Promise<void> {
  const url = (
    options.url ??
    (process.env.TIDEGATE_URL || undefined) ??
    runningOn(options.data)?.operatorUrl ??
    defaultUrl
  ).replace(/\/+$/, '');
  try {
    const fleet = changedFleet(loadFleet(name), options);
    const thresholds = [...fleet.require, ...options.require].map(thresholdOf);
    const verify = options.verify === true || thresholds.some(needsVerify);
    const beside = deviceUrlBeside(url);
    const deviceUrl = deviceUrlOf(options.deviceUrl ?? beside);
    if (options.report !== undefined) checkReport(options.report);
    if (options.remove && !options.yes) await confirmRemoval(fleet);
    const result = await runFleet({
      fleet,
      url,
      deviceUrl,
      durationMs: options.duration === undefined ? undefined : durationOf(options.duration),
      stop: untilSignal(),
      verify,
      processes: options.processes === undefined ? undefined : wholeNumber('--processes', options.processes, 1),
      // The last, so that a wrong option is named before a missing key.
      key: operatorKey(options.key, process.env.TIDEGATE_KEY, options.data),
      watch: true,
      remove: options.remove,
      progress: progressPrinter(options.json === true),
    });
    const unreachable = unreachableText(result, deviceUrl);
    if (unreachable !== null) throw new Error(unreachable);
    const checks = checksOf(thresholds, result);
    print(result, checks, options.json === true);
    if (options.report !== undefined) {
      const machine = `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 1024 ** 3)} GiB`;
      const head = {
        name: basename(name, '.yaml'),
        fleet,
        target: new URL(deviceUrl).host,
        machine,
        version: versionOf(),
        commandLine: commandLineOf(process.argv.slice(2)),
        checks,
      };
      writeFileSync(options.report, htmlReport(result, head));
    }
    const isClean = result.verdict === null || isVerified(result);
    if (!isClean || checks.some(({ passed }) => !passed)) process.exitCode = exitCodes.unclean;
    else if (result.unverified !== null) process.exitCode = exitCodes.unavailable;
  } catch (error) {
    const { message, cause } = error as Error;
    console.error(cause === undefined ? message : `${reasonOf(error as Error)}; is a gateway running at ${url}?`);
    process.exitCode = error instanceof FleetError ? error.exitCode : exitCodes.unavailable;
  }
}

function versionOf(): string {
  return (readJson('package.json') as { version: string }).version;
}

/** How the program was called, as one line for a shell; the key is not in it. */
function commandLineOf(args: readonly string[]): string {
  const shown = args.map((word, i) => {
    if (args[i - 1] === '--key') return '…';
    const text = word.replace(/^--key=.*/s, '--key=…');
    return /^[\w./:@%+=,…-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
  });
  return ['tidegate-sim', ...shown].join(' ');
}

/** Asks before a run that removes its devices: devices of these ids may have been there before. Throws FleetError unless the answer is yes. */
async function confirmRemoval({ groups }: Fleet): Promise<void> {
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  const names = groups.map(({ prefix }) => `${prefix}*`).join(', ');
  const what = `At the end ${countOf(count, 'device')} (${names}) ${count === 1 ? 'is' : 'are'} removed, and all their readings are erased, also those that were there before.`;
  const answer = await askYes(what);
  if (answer === 'nobody') throw new FleetError(unaskedText(what));
  if (answer === 'no') throw new FleetError('Nothing was started.');
}

/** A page that cannot be written is reported before the load, not after it. Throws FleetError. */
function checkReport(file: string): void {
  try {
    closeSync(openSync(file, 'a'));
  } catch (error) {
    throw new FleetError(`--report ${file} cannot be written: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

function thresholdOf(text: string): Threshold {
  try {
    return parseThreshold(text);
  } catch (error) {
    throw new FleetError(`--require ${(error as Error).message}`);
  }
}

/** On a terminal a view that is redrawn; elsewhere one line at the start and one every five seconds. */
function progressPrinter(json: boolean): (progress: Progress) => void {
  if (process.stderr.isTTY) return createLiveView((text) => process.stderr.write(text));
  const line = createLine();
  let reports = 0;
  return (progress) => {
    if (!json && reports++ % linesEvery === 0) console.log(line(progress));
  };
}

function print(result: FleetResult, checks: Check[], json: boolean): void {
  console.log(json ? JSON.stringify({ ...result, checks }) : [summaryOf(result), ...textOfChecks(checks)].join('\n'));
}
