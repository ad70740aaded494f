/**
 * Servers under test, each as processes of its own. servers/ has how each of them starts, and the scripts of the servers that are
 * written for the comparison. What the table says about them is in table/rows.ts.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { inParallel } from '../../../device-sim/api/operatorApi.js';
import type { NewCredentialBody } from '../../../schemas/generated/operator.js';
import { childOf, type GatewayProcess, startGatewayProcess } from '../../../tests/rig/gatewayProcess.js';
import { basicAuthorization } from '../../../tests/rig/wireClient.js';
import type { Protocol } from '../load/wire.js';

/** A server under test. */
export interface Server {
  /** Its process. */
  pid: number;
  /** Its further processes. */
  others?: number[];
  /** How frames travel; WebSocket by default. */
  protocol?: Protocol;
  /** Counts the readings in its store. Only servers that acknowledge readings before they are stored have it. */
  storedSoFar?(): Promise<number>;
  /** The settings as the table prints them. */
  settings?: string;
  port: number;
  /** The path of the upgrade request. */
  path: string;
  /** Per link, further header lines of its upgrade request. */
  headers: string[][];
  /** A text message that each link sends after its welcome; null: nothing. */
  opening: string | null;
  /** How many readings the server reports as stored; null if it does not count them. Throws if it dropped readings as repeats. */
  stored(): Promise<number | null>;
  /** Kills its processes, and removes its folder if the server made it. */
  stop(): Promise<void>;
}

/** The gateway as a server under test. */
export interface GatewayServer extends Server {
  gateway: GatewayProcess;
}

/** Settings of a gateway that seals nothing while it is measured, so that the figures are those of the commit log alone. */
export const unsealed = ['store.sealReadings=100000000', 'store.sealIntervalSeconds=86400'];

/** Starts a gateway on an empty store, with one new device per link. */
export async function startGateway(
  links: number,
  encoding: 'binary' | 'json',
  set: string[] = unsealed,
): Promise<GatewayServer> {
  const data = mkdtempSync(join(tmpdir(), 'tidegate-bench-'));
  const server = await startGatewayOn(data, links, encoding, set);
  return {
    ...server,
    async stop() {
      await server.stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

let started = 0;

/** A wrapper that delays every sync by `ms`, to show a slower disk than that of the machine. Other system calls are not slowed down. */
export const delayedSyncs = (ms: number): string[] => [
  ...['strace', '-f', '-qq', '-o', '/dev/null', '--seccomp-bpf'],
  ...['-e', 'trace=fsync,fdatasync', '-e', `inject=fsync,fdatasync:delay_enter=${1000 * ms}`],
];

/** Starts a gateway on an existing data folder, which `stop` does not remove. Its devices are new ones, one per link. `program`: see GatewayProcessOptions. */
export async function startGatewayOn(
  data: string,
  links: number,
  encoding: 'binary' | 'json',
  set: string[],
  wrapper: string[] = [],
  program: string | null = null,
): Promise<GatewayServer> {
  const gateway = await startGatewayProcess({ data, set, wrapper, program });
  const pid = wrapper.length === 0 ? gateway.pid : childOf(gateway.pid);
  const run = ++started;
  const ids = Array.from({ length: links }, (_, i) => `bench-${run}-${i}`);
  const headers: string[][] = [];
  await inParallel(ids, 16, async (id) => {
    const device = await gateway.api<NewCredentialBody>('POST', '/v1/devices', { id });
    headers.push([basicAuthorization(device), `Sec-WebSocket-Protocol: tidegate.v1.${encoding}`]);
  });
  return {
    gateway,
    pid,
    port: gateway.devicePort,
    path: '/v1/device?stream=bench',
    headers,
    opening: encoding === 'binary' ? '{"type":"metrics","metrics":[{"name":"temperature"}]}' : null,
    async stored() {
      const metrics = await gateway.api<string>('GET', '/metrics');
      const read = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1]);
      if (read('tidegate_readings_repeated_total') > 0)
        throw new Error('the generator sent repeated readings, so the figures are not valid');
      return read('tidegate_readings_stored_total');
    },
    async stop() {
      process.kill(pid, 'SIGKILL');
      await gateway.exited;
    },
  };
}

/** Starts a server script of this folder, which prints its port. */
export async function startScript(
  file: string,
  links: number,
  more: Partial<Server> = {},
  args: string[] = [],
): Promise<Server> {
  const data = mkdtempSync(join(tmpdir(), 'tidegate-bench-'));
  const { child, line } = await runScript(file, [data, ...args]);
  return {
    pid: child.pid as number,
    port: Number(line),
    path: '/',
    headers: Array.from({ length: links }, () => []),
    opening: null,
    stored: async () => null,
    async stop() {
      await kill(child);
      rmSync(data, { recursive: true, force: true });
    },
    ...more,
  };
}

/** Starts a script of this folder as a process, and resolves with the first line that it prints. Throws if it ends before. */
export async function runScript(file: string, args: string[]): Promise<{ child: ChildProcess; line: string }> {
  const child: ChildProcess = spawn(process.execPath, [fileURLToPath(new URL(file, import.meta.url)), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the server ${file} exited with code ${code}`);
  });
  ended.catch(() => {});
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  return { child, line };
}

/** Kills the process if it still runs, and waits for its end. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
