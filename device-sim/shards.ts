import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Tally } from './counts.js';
import { runShard, type ShardHooks, type ShardOptions, type ShardResult } from './shard.js';

export type ToShard = { type: 'run'; options: ShardOptions } | { type: 'stop' };
export type FromShard =
  | { type: 'progress'; tally: Tally; stage: string }
  | { type: 'result'; result: ShardResult }
  | { type: 'failed'; message: string };

/** A process has about 20,000 file descriptors, and one link takes one. */
export const linksPerProcess = 15_000;

/** Where the fleet is divided: [from, to) of each process. */
export function divide(devices: number, processes: number): [number, number][] {
  const cut = (n: number): number => Math.round((n * devices) / processes);
  return Array.from({ length: processes }, (_, n) => [cut(n), cut(n + 1)]);
}

/** In this process where there is one part only, else each in a process of its own. */
export function runShards(parts: ShardOptions[], hooks: (part: number) => ShardHooks): Promise<ShardResult[]> {
  if (parts.length === 1) return runShard(parts[0], hooks(0)).then((result) => [result]);
  return Promise.all(parts.map((options, part) => runInProcess(options, hooks(part))));
}

function runInProcess(options: ShardOptions, { stop, progress }: ShardHooks): Promise<ShardResult> {
  const child = fork(fileURLToPath(new URL('./shardProcess.js', import.meta.url)), [], { serialization: 'advanced' });
  const send = (message: ToShard): void => {
    if (child.connected) child.send(message);
  };
  send({ type: 'run', options });
  void stop.then(() => send({ type: 'stop' }));
  return new Promise<ShardResult>((resolve, reject) => {
    child.on('message', (message: FromShard) => {
      if (message.type === 'progress') return progress(message.tally, message.stage);
      if (message.type === 'result') resolve(message.result);
      else reject(new Error(message.message));
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => reject(new Error(`a process of the simulator ended with ${code ?? signal}`)));
  }).finally(() => child.kill('SIGKILL'));
}
