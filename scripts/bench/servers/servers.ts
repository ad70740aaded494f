import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { inParallel } from '../../../device-sim/api/operatorApi.js';
import type { NewCredentialBody } from '../../../schemas/generated/operator.js';
import { childOf, startGatewayProcess } from '../../../tests/rig/gatewayProcess.js';
import { basicAuthorization } from '../../../tests/rig/wireClient.js';
import type { Protocol } from '../load/wire.js';

/** A server under test, in a process of its own. */
export interface Server {
  pid: number;
  /** Its further processes. */
  others?: number[];
  /** WebSocket unless told. */
  protocol?: Protocol;
  /** Readings in its store, where that may be fewer than it acknowledged. */
  storedSoFar?(): Promise<number>;
  settings?: string;
  port: number;
  path: string;
  headers: string[][];
  opening: string | null;
  /** Readings that the server says are on disk; null where it does not count. Throws where it dropped any as repeats. */
  stored(): Promise<number | null>;
  stop(): Promise<void>;
}

/** Nothing is sealed while it is measured: the rate at which the log alone takes readings. */
export const unsealed = ['store.sealReadings=100000000', 'store.sealIntervalSeconds=86400'];

/** The gateway on an empty store, with so many devices registered. */
export async function startGateway(links: number, encoding: 'binary' | 'json', set: string[] = unsealed) {
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

/** Lets every sync take so many ms longer, since the disk of a test machine flatters; other system calls go at full speed. */
export const delayedSyncs = (ms: number): string[] => [
  ...['strace', '-f', '-qq', '-o', '/dev/null', '--seccomp-bpf'],
  ...['-e', 'trace=fsync,fdatasync', '-e', `inject=fsync,fdatasync:delay_enter=${1000 * ms}`],
];

/** The gateway on a store that is there already; its devices are new ones. */
export async function startGatewayOn(
  data: string,
  links: number,
  encoding: 'binary' | 'json',
  set: string[],
  wrapper: string[] = [],
) {
  const gateway = await startGatewayProcess({ data, set, wrapper });
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
        throw new Error('the generator repeated readings, so the figures are void');
      return read('tidegate_readings_stored_total');
    },
    async stop() {
      process.kill(pid, 'SIGKILL');
      await gateway.exited;
    },
  };
}

/** One of the servers in this folder, run by node; it prints its port. */
export async function startScript(file: string, links: number, more: Partial<Server> = {}): Promise<Server> {
  const data = mkdtempSync(join(tmpdir(), 'tidegate-bench-'));
  const { child, line } = await runScript(file, [data]);
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

/** A script of this folder in a process of its own, once it printed its first line. */
export async function runScript(file: string, args: string[]): Promise<{ child: ChildProcess; line: string }> {
  const child: ChildProcess = spawn(process.execPath, [fileURLToPath(new URL(file, import.meta.url)), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${file} ended with ${code}`);
  });
  ended.catch(() => {});
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  return { child, line };
}

export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
