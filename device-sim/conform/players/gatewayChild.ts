import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../../schemas/load.js';
import { startRelay } from './relay.js';

export interface Gateway {
  deviceUrl: string;
  /** Calls the operator API. Throws if the status is no success. */
  api<Body>(method: string, path: string, body?: object): Promise<Body>;
  stop(): Promise<void>;
  /** Restarts the gateway on the same data; devices find it at the same port. */
  restart(): Promise<void>;
}

const program = join(packageRoot, 'dist', 'cli', 'main.js');

/** Starts a real gateway as a child process, behind a relay whose port stays the same over restarts. */
export async function startGateway(data: string): Promise<Gateway> {
  const relay = await startRelay();
  let { child, apiUrl } = await start();
  const key = readFileSync(join(data, 'admin.key'), 'utf8').trim();

  async function start() {
    const child = spawnGateway(data);
    const ready = await untilReady(child);
    relay.aim(Number(new URL(ready.device).port));
    return { child, apiUrl: ready.console };
  }

  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await exited;
  }

  return {
    deviceUrl: `ws://127.0.0.1:${relay.port}/v1/device`,
    async api<Body>(method: string, path: string, body?: object): Promise<Body> {
      const headers: Record<string, string> = { authorization: `Bearer ${key}`, connection: 'close' };
      if (body !== undefined) headers['content-type'] = 'application/json';
      const answer = await fetch(apiUrl + path, { method, headers, body: body && JSON.stringify(body) });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
      return (text === '' ? null : JSON.parse(text)) as Body;
    },
    async stop(): Promise<void> {
      await stop();
      relay.close();
    },
    async restart(): Promise<void> {
      await stop();
      ({ child, apiUrl } = await start());
    },
  };
}

function spawnGateway(data: string): ChildProcess {
  const settings = ['device.port=0', 'device.host=127.0.0.1', 'operator.port=0', 'shutdown.spreadMs=0'];
  const set = settings.flatMap((one) => ['--set', one]);
  return spawn(process.execPath, [program, 'serve', '--data', data, ...set], { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Waits for the gateway's addresses. Throws with its log if it ends instead. */
async function untilReady(child: ChildProcess): Promise<{ device: string; console: string }> {
  const log: string[] = [];
  child.stderr?.on('data', (chunk: Buffer) => log.push(chunk.toString()));
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the gateway ended with ${code}: ${log.join('\n').slice(-2_000)}`)));
    lines.on('line', (line) => {
      if (log.length < 100) log.push(line);
      const ready = line.includes('"ready"')
        ? (JSON.parse(line) as { msg?: string; device: string; console: string })
        : null;
      if (ready?.msg === 'ready') resolve(ready);
    });
  });
}
