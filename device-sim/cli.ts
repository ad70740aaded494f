#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { type FleetResult, type FleetStats, runFleet } from './fleet.js';
import { type Fleet, FleetError, loadFleet } from './fleetFile.js';
import { createLine, summaryOf } from './report.js';
import { isClean } from './verify.js';

interface Options {
  devices?: string;
  rate?: string;
  duration?: string;
  seed?: string;
  verify?: boolean;
  url: string;
  deviceUrl: string;
  key?: string;
  data: string;
  json?: boolean;
}

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
  .option('--device-url <url>', 'where devices connect', 'ws://127.0.0.1:8080/v1/device')
  .option('--key <key>', 'operator key (TIDEGATE_KEY; default: <data>/admin.key)')
  .option('--data <dir>', 'data folder, for its admin.key', 'data')
  .option('--json', 'print the summary as JSON')
  .action(run);

await program.parseAsync();

async function run(name: string, options: Options): Promise<void> {
  try {
    const result = await runFleet({
      fleet: shaped(loadFleet(name), options),
      url: options.url.replace(/\/+$/, ''),
      key: options.key ?? process.env.TIDEGATE_KEY ?? readFileSync(join(options.data, 'admin.key'), 'utf8').trim(),
      deviceUrl: options.deviceUrl,
      durationMs: options.duration === undefined ? undefined : durationMs(options.duration),
      stop: untilSignal(),
      verify: options.verify === true,
      progress: progressPrinter(options.json === true),
    });
    print(result, options.json === true);
    if (result.verdict !== null && !isClean(result.verdict)) process.exitCode = 1;
  } catch (error) {
    const { message, cause } = error as Error & { cause?: { code?: string } };
    console.error(
      cause?.code === undefined ? message : `${message}: ${cause.code}; is a gateway running at ${options.url}?`,
    );
    process.exitCode = error instanceof FleetError ? error.exitCode : 69;
  }
}

function shaped(fleet: Fleet, { devices, rate, seed }: Options): Fleet {
  const total = fleet.groups.reduce((sum, { count }) => sum + count, 0);
  const wanted = devices === undefined ? total : wholeNumber('--devices', devices);
  const frameIntervalMs = rate === undefined ? undefined : Math.max(1, Math.round(1000 / Number(rate)));
  if (frameIntervalMs !== undefined && !Number.isFinite(frameIntervalMs))
    throw new FleetError(`--rate ${rate}: write frames a second, such as 2 or 0.1`);
  let given = 0;
  const groups = fleet.groups.map((group, i) => {
    const count = i === fleet.groups.length - 1 ? wanted - given : Math.round((group.count * wanted) / total);
    given += count;
    const interval = frameIntervalMs ?? group.frameIntervalMs;
    return { ...group, count, frameIntervalMs: interval, samplesPerFrame: Math.min(group.samplesPerFrame, interval) };
  });
  return {
    ...fleet,
    seed: seed === undefined ? fleet.seed : wholeNumber('--seed', seed),
    groups: groups.filter(({ count }) => count > 0),
  };
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new FleetError(`${option} ${text}: write a whole number`);
  return Number(text);
}

function durationMs(text: string): number {
  const [, count, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  if (count === undefined) throw new FleetError(`--duration ${text}: write 500ms, 60s, 5m or 1h`);
  return Number(count) * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit as 'ms' | 's' | 'm' | 'h'];
}

/** One line that is written over on a terminal; elsewhere a line every five seconds. */
function progressPrinter(json: boolean): (stats: FleetStats) => void {
  const line = createLine();
  let ticks = 0;
  return (stats) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line(stats)}`);
    else if (!json && ++ticks % 5 === 0) console.log(line(stats));
  };
}

function print(result: FleetResult, json: boolean): void {
  if (process.stderr.isTTY) process.stderr.write('\n');
  console.log(json ? JSON.stringify(result) : summaryOf(result));
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
}
