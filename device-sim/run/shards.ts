import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Tally } from '../measure/counts.js';
import { runShard, type ShardHooks, type ShardOptions, type ShardResult } from './shard.js';

/** What the parent sends to a process. */
export type ToShard = { type: 'run'; options: ShardOptions } | { type: 'stop' };
/** What a process sends to the parent. */
export type FromShard =
  | { type: 'ready' }
  | { type: 'progress'; tally: Tally; stage: string }
  | { type: 'result'; result: ShardResult }
  | { type: 'failed'; message: string };

/** A process has about 20,000 file descriptors, and a link takes one. */
export const linksPerProcess = 15_000;

/** The members [from, to) of each process. */
export function divide(devices: number, processes: number): [number, number][] {
  const cut = (n: number): number => Math.round((n * devices) / processes);
  return Array.from({ length: processes }, (_, n) => [cut(n), cut(n + 1)]);
}

type Run = (options: ShardOptions, hooks: ShardHooks) => Promise<ShardResult>;

/** Places in which the parts of a fleet run. */
export interface Shards {
  /** Runs each part in its place. Rejects as soon as one part fails. */
  run(parts: ShardOptions[], hooks: (part: number) => ShardHooks): Promise<ShardResult[]>;
  /** Kills the processes. */
  end(): void;
}

/** Places for `count` parts of a fleet: this process for one part, else one process per part. Resolves when all are ready. */
export async function openShards(count: number): Promise<Shards> {
  const children = count === 1 ? [] : Array.from({ length: count }, startProcess);
  const end = (): void => {
    for (const child of children) child.kill('SIGKILL');
  };
  const runs: Run[] =
    count === 1 ? [runShard] : children.map((child) => (options, hooks) => runIn(child, options, hooks));
  await Promise.all(children.map(ready));
  return { run: (parts, hooks) => Promise.all(parts.map((options, part) => runs[part](options, hooks(part)))), end };
}

function startProcess(): ChildProcess {
  return fork(fileURLToPath(new URL('./shardProcess.js', import.meta.url)), [], { serialization: 'advanced' });
}

async function ready(child: ChildProcess): Promise<void> {
  await Promise.race([once(child, 'message'), ended(child)]);
}

async function ended(child: ChildProcess): Promise<never> {
  const [code, signal] = await once(child, 'exit');
  throw new Error(`a process of the simulator ended with ${code ?? signal}`);
}

function runIn(child: ChildProcess, options: ShardOptions, { stop, progress }: ShardHooks): Promise<ShardResult> {
  const send = (message: ToShard): void => {
    if (child.connected) child.send(message);
  };
  const result = new Promise<ShardResult>((resolve, reject) => {
    child.on('message', (message: FromShard) => {
      if (message.type === 'progress') progress(message.tally, message.stage);
      else if (message.type === 'result') resolve(message.result);
      else if (message.type === 'failed') reject(new Error(message.message));
    });
  });
  send({ type: 'run', options });
  void stop.then(() => send({ type: 'stop' }));
  return Promise.race([result, ended(child)]);
}
