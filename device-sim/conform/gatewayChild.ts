import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../schemas/packageRoot.js';

export type Gateway = Awaited<ReturnType<typeof startGateway>>;

const program = join(packageRoot, 'dist', 'gateway', 'cli', 'main.js');

/** A real gateway as a child process, on ports of the system's choosing. */
export async function startGateway(data: string) {
  let child = spawnGateway(data, 0);
  const { device, console: operatorUrl } = await untilReady(child);
  const key = readFileSync(join(data, 'admin.key'), 'utf8').trim();
  let apiUrl = operatorUrl;

  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await exited;
  }

  return {
    deviceUrl: device,
    async api<Body>(method: string, path: string, body?: object): Promise<Body> {
      const headers: Record<string, string> = { authorization: `Bearer ${key}`, connection: 'close' };
      if (body !== undefined) headers['content-type'] = 'application/json';
      const answer = await fetch(apiUrl + path, { method, headers, body: body && JSON.stringify(body) });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
      return (text === '' ? null : JSON.parse(text)) as Body;
    },
    stop,
    /** The same data, at the same port for devices. */
    async restart(): Promise<void> {
      await stop();
      child = spawnGateway(data, Number(new URL(device).port));
      apiUrl = (await untilReady(child)).console;
    },
  };
}

function spawnGateway(data: string, devicePort: number): ChildProcess {
  const settings = [`device.port=${devicePort}`, 'device.host=127.0.0.1', 'operator.port=0', 'shutdown.spreadMs=0'];
  const set = settings.flatMap((one) => ['--set', one]);
  return spawn(process.execPath, [program, 'serve', '--data', data, ...set], { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Its addresses. Throws with its log where it ends instead. */
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
