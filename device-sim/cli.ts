#!/usr/bin/env node
import { Command } from 'commander';
import { conformCommand } from './conform/cli.js';
import type { FleetStats } from './counts.js';
import { type FleetResult, isVerified, runFleet } from './fleet.js';
import { FleetError, loadFleet } from './fleetFile.js';
import { createLine, summaryOf } from './report.js';
import { type Changes, changedFleet, deviceUrlOf, durationMs, operatorKey } from './runOptions.js';

interface Options extends Changes {
  duration?: string;
  verify?: boolean;
  url: string;
  deviceUrl: string;
  key?: string;
  data: string;
  json?: boolean;
}

const exitCodes = { unclean: 1, unavailable: 69 };
const linesEvery = 5;

const program = new Command('tidegate-sim')
  .description('runs a fleet of simulated devices against a gateway')
  .argument('<fleet>', 'fleet file (YAML), or the name of one in config/fleets: demo, bench-1000')
  .option('--devices <n>', 'so many devices in all, the groups keeping their shares')
  .option('--rate <hz>', 'frames a second of each device')
  .option('--duration <time>', 'how long, after the ramp: 60s, 5m; else until Ctrl-C')
  .option('--seed <s>', 'of the signals')
  .option(
    '--verify',
    'read everything back at the end and compare; exit code 1 where anything is lost, duplicated, altered or invented',
  )
  .option('--url <url>', 'operator API (TIDEGATE_URL)', process.env.TIDEGATE_URL ?? 'http://127.0.0.1:8081')
  .option('--device-url <url>', 'where devices connect', 'ws://127.0.0.1:8080')
  .option('--key <key>', 'operator key (TIDEGATE_KEY; default: <data>/admin.key)')
  .option('--data <dir>', 'data folder, for its admin.key', 'data')
  .option('--json', 'print the summary as JSON')
  .action(run)
  .addCommand(conformCommand);

await program.parseAsync();

async function run(name: string, options: Options): Promise<void> {
  try {
    const result = await runFleet({
      fleet: changedFleet(loadFleet(name), options),
      url: options.url.replace(/\/+$/, ''),
      key: operatorKey(options.key, process.env.TIDEGATE_KEY, options.data),
      deviceUrl: deviceUrlOf(options.deviceUrl),
      durationMs: options.duration === undefined ? undefined : durationMs(options.duration),
      stop: untilSignal(),
      verify: options.verify === true,
      progress: progressPrinter(options.json === true),
    });
    print(result, options.json === true);
    if (result.verdict !== null && !isVerified(result)) process.exitCode = exitCodes.unclean;
  } catch (error) {
    const { message, cause } = error as Error & { cause?: { code?: string } };
    console.error(
      cause?.code === undefined ? message : `${message}: ${cause.code}; is a gateway running at ${options.url}?`,
    );
    process.exitCode = error instanceof FleetError ? error.exitCode : exitCodes.unavailable;
  }
}

/** One line that is written over on a terminal; elsewhere a line every five seconds, and one for the first. */
function progressPrinter(json: boolean): (stats: FleetStats) => void {
  const line = createLine();
  let reports = 0;
  return (stats) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line(stats)}`);
    else if (!json && reports++ % linesEvery === 0) console.log(line(stats));
  };
}

function print(result: FleetResult, json: boolean): void {
  if (process.stderr.isTTY) process.stderr.write('\n');
  console.log(json ? JSON.stringify(result) : summaryOf(result));
}

/** The first signal ends the load, and what is under way is waited for; a second ends the process. */
function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
}
