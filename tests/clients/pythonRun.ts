import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../schemas/load.js';

/** Debian's Python, with Debian's websockets. */
const interpreter = '/usr/bin/python3';

export const pythonFolder = join(packageRoot, 'clients', 'python');

/** The folder of a current version of websockets (pip install --target FOLDER websockets). If it is set, the client is tested with both versions. */
export const currentWebsockets = process.env.PYTHON_WEBSOCKETS;

/** How a program ended. */
export interface Ending {
  /** Its exit code, or the signal that killed it. */
  code: number | NodeJS.Signals;
  /** What it printed to stdout, without the last line break. */
  output: string;
  /** What it printed to stderr. */
  errors: string;
}

export interface PythonRun {
  /** Resolves when the program has ended. */
  exited: Promise<Ending>;
  kill(signal: NodeJS.Signals): void;
}

/** Runs a Python program that can import the client's package, which is not installed. */
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
