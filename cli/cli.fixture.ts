import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TestGateway } from '../gateway/gateway.fixture.js';

/** The command line's program. */
export const mainFile = fileURLToPath(new URL('./main.js', import.meta.url));

export interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs the command line as a process, against a test's gateway. */
export function runCli(tools: TestGateway | null, ...args: string[]): Promise<Ran> {
  const api = tools === null ? [] : ['--url', tools.gateway.operatorUrl, '--data', tools.data];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [mainFile, ...args, ...api],
      { env: { ...process.env, NO_COLOR: '1' } },
      (error, out, err) => {
        resolve({ code: error === null ? 0 : Number(error.code), out, err });
      },
    );
  });
}
