import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';

export type Mosquitto = Awaited<ReturnType<typeof startMosquitto>>;

const defaultConfig = 'allow_anonymous true';

/** Debian's broker on a loopback port, keeping sessions and messages in the folder; it may be stopped and started again. */
export async function startMosquitto(folder: string, config = defaultConfig) {
  const port = await freePort();
  const file = join(folder, 'mosquitto.conf');
  const lines = [
    `listener ${port} 127.0.0.1`,
    config,
    // Started by root it would become another user, who may not write to the folder.
    'user root',
    'max_queued_messages 0',
    'max_inflight_messages 1000',
    'persistence true',
    `persistence_location ${folder}/`,
    'log_type error',
    'log_type warning',
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  let child: ChildProcess | null = null;
  let errors = '';

  async function start(): Promise<void> {
    child = spawn('mosquitto', ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr?.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-10_000);
    });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`mosquitto ended with ${code}: ${errors}`);
    });
    ended.catch(() => {});
    while (!(await Promise.race([isListening(port), ended]))) await new Promise((resolve) => setTimeout(resolve, 20));
    // Who answers may be another process that took the port meanwhile: then this one ends.
    await Promise.race([new Promise((resolve) => setTimeout(resolve, 100)), ended]);
  }

  /** SIGTERM: it saves what it has. */
  async function stop(): Promise<void> {
    const running = child;
    child = null;
    if (running === null || running.exitCode !== null) return;
    const exited = once(running, 'exit');
    running.kill('SIGCONT');
    running.kill('SIGTERM');
    await exited;
  }

  await start();
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    start,
    stop,
    signal: (name: 'SIGSTOP' | 'SIGCONT'): void => void child?.kill(name),
    pid: (): number => child?.pid ?? 0,
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
