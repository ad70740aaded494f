/**
 * A gateway as a process of its own. tests/rig/ has what several suites use: processes, proxies, bare clients, workloads that are killed,
 * and traces. Rigs assert nothing about the gateway; suites do.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const mainFile = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
const logLinesMax = 10_000;

export interface GatewayProcessOptions {
  data: string;
  set?: string[];
  /** Goes before node on the command line, for example strace with its options. */
  wrapper?: string[];
  environment?: Record<string, string>;
  /** The command line program of another build; null: the one of this build. */
  program?: string | null;
}

/** A process that runs `tidegate serve`. */
export interface Run {
  pid: number;
  /** Its newest log lines. */
  log: LogLine[];
  /** The end of what it wrote to stderr. */
  errors(): string;
  /** Resolves with the exit code, or with the signal that ended it. */
  exited: Promise<number | string>;
  /** The first log line that is wanted; null if the process ends without one. */
  line(wanted: (line: LogLine) => boolean): Promise<LogLine | null>;
  kill(signal: NodeJS.Signals): Promise<number | string>;
  /** Sends SIGTERM and resolves with the exit code. */
  stop(): Promise<number | string>;
}

/** A gateway that is ready. */
export interface GatewayProcess extends Run {
  deviceUrl: string;
  operatorUrl: string;
  /** The first operator key. */
  key: string;
  devicePort: number;
  operatorPort: number;
  /** Starts another process on the same data, on other ports. */
  again(change?: Partial<GatewayProcessOptions>): Promise<GatewayProcess>;
  /** Calls the operator API. Throws if the status is no success. */
  api<Body>(method: string, path: string, body?: unknown): Promise<Body>;
}

/** Runs `tidegate serve` as a process and waits until it is ready. Throws with its log if it ends instead. */
export async function startGatewayProcess(options: GatewayProcessOptions): Promise<GatewayProcess> {
  const run = spawnGateway(options);
  const ready = await run.line((line) => line.msg === 'ready');
  if (ready === null)
    throw new Error(
      `the gateway ended with ${await run.exited}:\n${run.log.map((line) => JSON.stringify(line)).join('\n')}\n${run.errors()}`,
    );
  const deviceUrl = ready.device as string;
  const operatorUrl = ready.console as string;
  const key = readFileSync(join(options.data, 'admin.key'), 'utf8').trim();
  return {
    ...run,
    deviceUrl,
    operatorUrl,
    key,
    devicePort: Number(new URL(deviceUrl).port),
    operatorPort: Number(new URL(operatorUrl).port),
    again: (change: Partial<GatewayProcessOptions> = {}) => startGatewayProcess({ ...options, ...change }),
    async api<Body>(method: string, path: string, body?: unknown): Promise<Body> {
      const headers: Record<string, string> = { authorization: `Bearer ${key}`, connection: 'close' };
      if (body !== undefined) headers['content-type'] = 'application/json';
      const answer = await fetch(operatorUrl + path, {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}\n${lastLines(run.log)}`);
      return (answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text) as Body;
    },
  };
}

const lastLines = (log: LogLine[]): string =>
  log
    .slice(-10)
    .map((line) => JSON.stringify(line))
    .join('\n');

export interface LogLine {
  msg?: string;
  [field: string]: unknown;
}

/** Starts the process without waiting for it to be ready. */
export function spawnGateway({
  data,
  set = [],
  wrapper = [],
  environment = {},
  program = null,
}: GatewayProcessOptions): Run {
  const settings = ['device.port=0', 'operator.port=0', 'device.host=127.0.0.1', 'shutdown.spreadMs=0', ...set].flatMap(
    (one) => ['--set', one],
  );
  const [command, ...rest] = [
    ...wrapper,
    process.execPath,
    '--enable-source-maps',
    program ?? mainFile,
    'serve',
    '--data',
    data,
    ...settings,
  ];
  const child: ChildProcess = spawn(command, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  const log: LogLine[] = [];
  let errors = '';
  let wake = (): void => {};
  let code: number | string | null = null;
  const exited = new Promise<number | string>((resolve) => {
    child.on('exit', (status, signal) => {
      code = status ?? signal ?? 'unknown';
      wake();
      resolve(code);
    });
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-20_000);
  });
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    if (line.startsWith('{')) log.push(JSON.parse(line) as LogLine);
    if (log.length > logLinesMax) log.shift();
    wake();
  });
  return {
    pid: child.pid as number,
    log,
    errors: (): string => errors,
    exited,
    async line(wanted: (line: LogLine) => boolean): Promise<LogLine | null> {
      for (;;) {
        const found = log.find(wanted);
        if (found !== undefined || code !== null) return found ?? null;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    kill(signal: NodeJS.Signals): Promise<number | string> {
      child.kill(signal);
      return exited;
    },
    stop(): Promise<number | string> {
      if (code === null) child.kill('SIGTERM');
      return exited;
    },
  };
}

/** The first child of a process, as the gateway is of its wrapper. */
export function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
}
