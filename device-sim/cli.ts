#!/usr/bin/env node
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { basename } from 'node:path';
import { Command } from 'commander';
import { reasonOf } from './api/operatorApi.js';
import { conformCommand } from './conform/cli.js';
import { FleetError } from './fleet/fleet.js';
import { loadFleet } from './fleet/loadFleet.js';
import { type Changes, changedFleet, deviceUrlOf, durationMs, operatorKey, wholeNumber } from './fleet/runOptions.js';
import { parseThreshold, type Threshold } from './fleet/threshold.js';
import { htmlReport } from './report/htmlReport.js';
import { createLine, summaryOf, textOfChecks } from './report/report.js';
import { createLiveView } from './report/terminal.js';
import { type Check, checksOf, needsVerify } from './report/thresholds.js';
import type { FleetResult, Progress } from './run/result.js';
import { isVerified, runFleet } from './run/runFleet.js';

interface Options extends Changes {
  duration?: string;
  verify?: boolean;
  require: string[];
  report?: string;
  processes?: string;
  remove?: boolean;
  url: string;
  deviceUrl: string;
  key?: string;
  data: string;
  json?: boolean;
}

const exitCodes = { unclean: 1, unavailable: 69, misused: 78 };

const linesEvery = 5;

const program = new Command('tidegate-sim')
  .description('runs a fleet of simulated devices against a gateway')
  .argument('<fleet>', 'fleet file (YAML), or the name of one in config/fleets: demo, bench-1000')
  .option('--devices <n>', 'so many devices in all, the groups keeping their shares')
  .option('--rate <hz>', 'frames a second of each device')
  .option('--duration <time>', 'how long, after the ramp: 60s, 5m; else what the phases say, or until Ctrl-C')
  .option('--seed <s>', 'of the signals, the faults and all else that is drawn')
  .option('--prefix <text>', 'goes before every device id, to stay apart from devices that are there already')
  .option(
    '--verify',
    'read everything back at the end and compare; exit code 1 where anything is lost, duplicated, altered or invented',
  )
  .option('--require <threshold>', "fail unless it holds, as 'ackP99Ms<50'; may be given again", collect, [])
  .option('--report <file>', 'write a page with plots')
  .option('--processes <n>', 'spread the devices over so many processes; else one for each 15,000')
  .option('--remove', 'remove the devices and their readings at the end')
  .option('--url <url>', 'operator API (TIDEGATE_URL)', process.env.TIDEGATE_URL || 'http://127.0.0.1:8081')
  .option('--device-url <url>', 'where devices connect', 'ws://127.0.0.1:8080')
  .option('--key <key>', 'operator key (TIDEGATE_KEY; default: <data>/admin.key)')
  .option('--data <dir>', 'data folder, for its admin.key', 'data')
  .option('--json', 'print the result as JSON')
  .action(run)
  .addCommand(conformCommand)
  // It has said what is wrong, or what was asked for.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : exitCodes.misused));

await program.parseAsync();

async function run(name: string, options: Options): Promise<void> {
  try {
    const fleet = changedFleet(loadFleet(name), options);
    const thresholds = [...fleet.require, ...options.require].map(thresholdOf);
    const unmeasured = options.verify === true ? undefined : thresholds.find(needsVerify);
    if (unmeasured !== undefined) throw new FleetError(`${unmeasured.text} is measured with --verify only`);
    const deviceUrl = deviceUrlOf(options.deviceUrl);
    if (options.report !== undefined) checkReport(options.report);
    const result = await runFleet({
      fleet,
      url: options.url.replace(/\/+$/, ''),
      key: operatorKey(options.key, process.env.TIDEGATE_KEY, options.data),
      deviceUrl,
      durationMs: options.duration === undefined ? undefined : durationMs(options.duration),
      stop: untilSignal(),
      verify: options.verify === true,
      processes: options.processes === undefined ? undefined : wholeNumber('--processes', options.processes, 1),
      watch: true,
      remove: options.remove,
      progress: progressPrinter(options.json === true),
    });
    const checks = checksOf(thresholds, result);
    print(result, checks, options.json === true);
    if (options.report !== undefined) {
      const machine = `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 1024 ** 3)} GiB`;
      const head = { fleet: basename(name, '.yaml'), target: new URL(deviceUrl).host, machine, checks };
      writeFileSync(options.report, htmlReport(result, head));
    }
    const isClean = result.verdict === null || isVerified(result);
    if (!isClean || checks.some(({ passed }) => !passed)) process.exitCode = exitCodes.unclean;
    else if (result.unverified !== null) process.exitCode = exitCodes.unavailable;
  } catch (error) {
    const { message, cause } = error as Error;
    console.error(
      cause === undefined ? message : `${reasonOf(error as Error)}; is a gateway running at ${options.url}?`,
    );
    process.exitCode = error instanceof FleetError ? error.exitCode : exitCodes.unavailable;
  }
}

/** Where the page cannot be written is told before the load, not after it. Throws FleetError. */
function checkReport(file: string): void {
  try {
    closeSync(openSync(file, 'a'));
  } catch (error) {
    throw new FleetError(`--report ${file}: it cannot be written: ${(error as NodeJS.ErrnoException).code}`);
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

/** A view that is written over on a terminal; elsewhere a line every five seconds, and one for the first. */
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

/** The first signal ends the load, and what is under way is waited for; a second ends the process. */
function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
}
