import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, isListening } from './ports.js';

export interface Mosquitto {
  port: number;
  /** mqtt://127.0.0.1:port */
  url: string;
  start(): Promise<void>;
  /** Sends SIGTERM: the broker saves what it has. */
  stop(): Promise<void>;
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  /** 0 if it does not run. */
  pid(): number;
}

const defaultConfig = 'allow_anonymous true';

/** Starts Debian's broker on a loopback port. It keeps sessions and messages in the folder, and may be stopped and started again. */
export async function startMosquitto(folder: string, config = defaultConfig): Promise<Mosquitto> {
  const port = await freePort();
  const file = join(folder, 'mosquitto.conf');
  const lines = [
    `listener ${port} 127.0.0.1`,
    config,
    // If root starts mosquitto, it becomes another user, who may not write to the folder.
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
    // Another process may have taken the port meanwhile and answer in its place: then this one ends.
    await Promise.race([new Promise((resolve) => setTimeout(resolve, 100)), ended]);
  }

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
