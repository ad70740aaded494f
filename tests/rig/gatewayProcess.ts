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
  /** Goes before node on the command line, as strace and its options. */
  wrapper?: string[];
  environment?: Record<string, string>;
}

export type GatewayProcess = Awaited<ReturnType<typeof startGatewayProcess>>;

/** Runs `tidegate serve` as a process of its own, and waits until it is ready. Throws with its log where it ends instead. */
export async function startGatewayProcess(options: GatewayProcessOptions) {
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
    /** A further start on the same data, on other ports. */
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
      if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
      return (answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text) as Body;
    },
  };
}

interface LogLine {
  msg?: string;
  [field: string]: unknown;
}

/** Starts the process without waiting for it to be ready. */
export function spawnGateway({ data, set = [], wrapper = [], environment = {} }: GatewayProcessOptions) {
  const settings = ['device.port=0', 'operator.port=0', 'device.host=127.0.0.1', 'shutdown.spreadMs=0', ...set].flatMap(
    (one) => ['--set', one],
  );
  const [command, ...rest] = [
    ...wrapper,
    process.execPath,
    '--enable-source-maps',
    mainFile,
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
    /** The first log line of that kind; null where the process ends without one. */
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
    /** SIGTERM, and the exit code. */
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
