import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isListening } from './ports.js';

export interface WebProxy {
  stop(): Promise<void>;
}

/** Runs Debian's nginx with these lines inside its `http` block, until it listens on the port of 127.0.0.1. Its files go into the folder. */
export function startNginx(folder: string, lines: string, port: number): Promise<WebProxy> {
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  );
  const file = join(folder, 'nginx.conf');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    file,
    // If root starts nginx, its workers become another user, who may not write to the folder.
    `user root; worker_processes 1; pid ${folder}/pid; error_log stderr;\nevents {}\nhttp {\naccess_log off;\n${places.join('\n')}\n${lines}\n}\n`,
  );
  return start('nginx', ['-p', folder, '-e', 'stderr', '-c', file, '-g', 'daemon off;'], {}, port);
}

/** Runs Debian's Caddy with this Caddyfile, until it listens on the port of 127.0.0.1. Its files go into the folder. */
export function startCaddy(folder: string, caddyfile: string, port: number): Promise<WebProxy> {
  const file = join(folder, 'Caddyfile');
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, caddyfile);
  const homes = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  return start('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], homes, port);
}

async function start(
  program: string,
  args: string[],
  environment: Record<string, string>,
  port: number,
): Promise<WebProxy> {
  const child: ChildProcess = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-10_000);
  });
  const exited = once(child, 'exit');
  const ended = exited.then(([code]) => {
    throw new Error(`${program} ended with ${code}: ${errors}`);
  });
  ended.catch(() => {});
  while (!(await Promise.race([isListening(port), ended]))) await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    async stop() {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await exited;
    },
  };
}
