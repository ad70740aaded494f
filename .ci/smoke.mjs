// node .ci/smoke.mjs FOLDER: runs the gateway of the package that is installed in FOLDER with the Node that runs this file. A device of
// the README sends one reading, waits for its ack, and the command line prints the reading. Fails if one of these does.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const folder = realpathSync(process.argv[2]);
const program = join(folder, 'node_modules', 'tidegate', 'dist', 'cli', 'main.js');
const data = join(folder, 'data');
const settings = ['device.port=0', 'operator.port=0', 'device.host=127.0.0.1', 'shutdown.spreadMs=0'];
const gateway = spawn(
  process.execPath,
  [program, 'serve', '--data', data, ...settings.flatMap((one) => ['--set', one])],
  {
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
try {
  const { device, console: url, transport } = await ready(gateway);
  const tidegate = (...words) =>
    execFileSync(process.execPath, [program, ...words, '--url', url, '--data', data], { encoding: 'utf8' });
  const [secret] = tidegate('device', 'add', 'sensor-1').match(/tgd_[\w-]+/);
  await sendReading(device, secret);
  const rows = tidegate('query', 'sensor-1', '--format', 'ndjson')
    .trim()
    .split('\n')
    .map((row) => JSON.parse(row));
  if (rows.length !== 1) throw new Error(`the query printed ${rows.length} readings instead of 1`);
  gateway.kill('SIGTERM');
  const [code] = await once(gateway, 'exit');
  if (code !== 0) throw new Error(`the gateway ended with ${code}`);
  console.log(`Node ${process.versions.node}, transport ${transport}, ${rows.length} reading stored and queried`);
} finally {
  if (gateway.exitCode === null && gateway.signalCode === null) gateway.kill('SIGKILL');
}

/** Where the gateway listens, and its transport with the reason. Throws if it ends before it is ready. */
async function ready(gateway) {
  let transport = '';
  for await (const line of createInterface({ input: gateway.stdout })) {
    const entry = JSON.parse(line);
    transport = /^the transport is (.*)/.exec(entry.msg)?.[1] ?? transport;
    if (entry.msg !== 'ready') continue;
    gateway.stdout.resume();
    return { ...entry, transport };
  }
  throw new Error('the gateway ended before it was ready');
}

/** Runs the ten lines of the README, on this gateway, until their frame is acknowledged. Throws if they end, or take 30 seconds. */
async function sendReading(device, secret) {
  const readme = readFileSync(fileURLToPath(new URL('../README.md', import.meta.url)), 'utf8');
  const [, lines] = /```js\n(import WebSocket from 'ws';[\s\S]*?)```/.exec(readme);
  const base = device.replace(/\/v1\/device$/, '');
  writeFileSync(join(folder, 'first.mjs'), lines.replace('tgd_…', secret).replace('ws://127.0.0.1:8080', base));
  const child = spawn(process.execPath, ['first.mjs'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 30_000,
  });
  try {
    for await (const line of createInterface({ input: child.stdout })) if (line === 'frame 1 is on disk') return;
    throw new Error('the device of the README was not acknowledged');
  } finally {
    child.kill();
  }
}
