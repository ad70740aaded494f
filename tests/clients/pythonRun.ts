import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../schemas/load.js';

/** Debian's, which has Debian's websockets. */
const interpreter = '/usr/bin/python3';

export const pythonFolder = join(packageRoot, 'clients', 'python');

/** Where a current version of websockets lies (pip install --target FOLDER websockets): beside Debian's it is tested where given. */
export const currentWebsockets = process.env.PYTHON_WEBSOCKETS;

export interface Ending {
  code: number | NodeJS.Signals;
  output: string;
  errors: string;
}

export interface PythonRun {
  exited: Promise<Ending>;
  kill(signal: NodeJS.Signals): void;
}

/** Runs a Python program with the client's package at hand, and nothing of it installed. */
export function runPython(
  words: string[],
  { cwd = pythonFolder, websockets }: { cwd?: string; websockets?: string } = {},
): PythonRun {
  const path = [join(pythonFolder, 'src'), ...(websockets === undefined ? [] : [websockets])].join(':');
  const child: ChildProcess = spawn(interpreter, ['-B', ...words], {
    cwd,
    env: { ...process.env, PYTHONPATH: path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const exited = new Promise<Ending>((resolve) => {
    child.on('close', (status, signal) =>
      resolve({ code: status ?? signal ?? 'SIGKILL', output: output.trimEnd(), errors }),
    );
  });
  return { exited, kill: (signal) => void child.kill(signal) };
}
