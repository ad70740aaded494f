/**
 * host/ is the one device that is not simulated: it reports load and memory of this machine, as `tidegate demo` does. It is no
 * part of a fleet.
 */
import { readFileSync, statfsSync } from 'node:fs';
import { cpus, freemem, hostname, loadavg, platform, release, totalmem, uptime } from 'node:os';
import { pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { createDevice, type OutgoingFrame } from '../device/device.js';
import { describeEnding } from '../device/ending.js';
import { deviceUrlOf } from '../fleet/runOptions.js';

/** How this machine reports to a gateway. */
export interface HostMonitorOptions {
  /** ws://host:port, or with its path. */
  url: string;
  id: string;
  secret: string;
  /** Between two readings; 2,000 by default. */
  intervalMs?: number;
  /** Gets a line for people when the link opens or ends, and when a frame is refused. */
  print?(line: string): void;
}

const intervalMsByDefault = 2_000;

/** Runs a real device: it reports this machine's load, memory, disk and network counters. Returns a function that stops it. */
export function startHostMonitor(options: HostMonitorOptions): () => Promise<void> {
  const { id, secret, intervalMs = intervalMsByDefault, print } = options;
  const url = deviceUrlOf(options.url);
  let last = 0;
  const device = createDevice<OutgoingFrame>({
    url,
    id,
    secret,
    stream: 'main',
    encoding: 'json',
    metrics: metricsOfHost,
    hello: {
      agent: 'tidegate-host-monitor',
      firmware: process.versions.node,
      expectEveryMs: intervalMs,
      attributes: { host: hostname(), platform: platform(), release: release(), cpus: cpus().length },
    },
    random: Math.random,
    nacked: (_frame, seq, code) => print?.(`frame ${seq} was refused: ${code}`),
    linked: () => print?.(`${id} is connected to ${url}`),
    unlinked: (ending) => print?.(`${id} is not connected: ${describeEnding(ending)}`),
  });
  const measure = (): void => {
    // If the clock is set back, no two readings may have the same time.
    last = Math.max(Date.now(), last + 1);
    const ts = last;
    const values = readHost();
    device.send({ encode: (seq) => JSON.stringify({ seq, ts, values }) });
  };
  const timer = setInterval(measure, intervalMs);
  device.start();
  measure();
  return () => {
    clearInterval(timer);
    return device.stop();
  };
}

const metricsOfHost = [
  { name: 'load/1m' },
  { name: 'memory/used', unit: 'B' },
  { name: 'memory/used-share', unit: '%' },
  { name: 'disk/free', unit: 'B' },
  { name: 'uptime', unit: 's' },
  { name: 'network/received', unit: 'B' },
  { name: 'network/sent', unit: 'B' },
];

function readHost(): Record<string, number> {
  const used = totalmem() - freemem();
  const disk = statfsSync('/');
  return {
    'load/1m': loadavg()[0],
    'memory/used': used,
    'memory/used-share': Math.round((1_000 * used) / totalmem()) / 10,
    'disk/free': disk.bavail * disk.bsize,
    uptime: Math.round(uptime()),
    ...readNetwork(),
  };
}

/** Bytes over all interfaces since the machine started, if the system has such counters (Linux, proc(5)). */
function readNetwork(): Record<string, number> {
  try {
    const rows = readFileSync('/proc/net/dev', 'utf8')
      .trim()
      .split('\n')
      .slice(2)
      .map((line) => line.replace(/^.*:/, '').trim().split(/\s+/).map(Number));
    const sum = (column: number): number => rows.reduce((total, row) => total + row[column], 0);
    return { 'network/received': sum(0), 'network/sent': sum(8) };
  } catch {
    return {};
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main();

function main(): void {
  const { interval, ...options } = new Command('host-monitor')
    .description('reports this machine as a device')
    .requiredOption('--url <url>', 'where devices connect, such as ws://127.0.0.1:8080')
    .requiredOption('--id <id>', 'device id')
    .requiredOption('--secret <secret>', 'device secret')
    .option('--interval <seconds>', 'between two readings', '2')
    .parse()
    .opts<{ url: string; id: string; secret: string; interval: string }>();
  const intervalMs = Math.round(1000 * Number(interval));
  if (!(intervalMs >= 100 && intervalMs <= 86_400_000)) {
    console.error(`--interval ${interval}: write seconds, from 0.1 to 86400`);
    process.exitCode = 78;
    return;
  }
  try {
    const stop = startHostMonitor({ ...options, intervalMs, print: (line) => console.log(line) });
    process.once('SIGINT', () => void stop());
    process.once('SIGTERM', () => void stop());
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 78;
  }
}
