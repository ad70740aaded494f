import { spawn } from 'node:child_process';
import { packageRoot } from '../../schemas/load.js';

export interface Ended {
  code: number | NodeJS.Signals;
  output: string;
  errors: string;
}

export interface Program {
  pid: number | undefined;
  exited: Promise<Ended>;
  /** The first match in what it printed so far or prints from now on. Throws if it ends without one. */
  printed(pattern: RegExp): Promise<RegExpMatchArray>;
  stop(signal?: NodeJS.Signals): Promise<Ended>;
}

interface ProgramOptions {
  environment?: Record<string, string>;
  cwd?: string;
}

/** Runs a program; its lines can be waited for, on either output. */
export function startProgram(
  command: string,
  words: readonly string[],
  { environment = {}, cwd = packageRoot }: ProgramOptions = {},
): Program {
  const child = spawn(command, words, {
    cwd,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  let ended: Ended | null = null;
  let wake = (): void => {};
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    wake();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
    wake();
  });
  const exited = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      ended = { code: status ?? signal ?? 'SIGKILL', output, errors };
      resolve(ended);
      wake();
    });
  });
  return {
    pid: child.pid,
    exited,
    async printed(pattern: RegExp): Promise<RegExpMatchArray> {
      for (;;) {
        const found = output.match(pattern) ?? errors.match(pattern);
        if (found !== null) return found;
        if (ended !== null) throw new Error(`${command} ended with ${ended.code}: ${output}${errors}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
      if (ended === null) child.kill(signal);
      return exited;
    },
  };
}

export function runProgram(command: string, words: readonly string[], options: ProgramOptions = {}): Promise<Ended> {
  return startProgram(command, words, options).exited;
}
