import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { before, type TestContext, test } from 'node:test';
import type { NewCredentialBody, ReadingItem, ReadingPage } from '../../schemas/generated/operator.js';
import { packageRoot } from '../../schemas/load.js';
import { type GatewayProcess, startGatewayProcess } from '../rig/gatewayProcess.js';
import { roundsOr } from '../rig/killPoints.js';
import { tempFolder } from '../rig/tempFolder.js';

const source = join(packageRoot, 'clients', 'c');
/** The proof sets more than one round: then all counts are full, and fuzzing takes minutes. */
const isFull = roundsOr(1) > 1;
const fuzzSeconds = isFull ? 240 : 10;
const daySeconds = 86_400;

let build: string;
before((context) => {
  build = tempFolder(context as TestContext);
});

function make(target: string): string {
  const args = ['-s', '-C', source, target, `BUILD=${build}`, `FUZZ_SECONDS=${fuzzSeconds}`];
  return execFileSync('make', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 });
}

async function gatewayWithDevice(
  context: TestContext,
  id: string,
): Promise<{ gateway: GatewayProcess; secret: string }> {
  const gateway = await startGatewayProcess({ data: tempFolder(context) });
  context.after(() => gateway.stop());
  const { secret } = await gateway.api<NewCredentialBody>('POST', '/v1/devices', { id });
  return { gateway, secret };
}

async function storedReadings(gateway: GatewayProcess, id: string, metric: string): Promise<ReadingItem[]> {
  const readings: ReadingItem[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const query: string = `metric=${metric}&limit=10000${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
    const page: ReadingPage = await gateway.api('GET', `/v1/devices/${id}/readings?${query}`);
    readings.push(...(page.items as ReadingItem[]));
    cursor = page.next;
  }
  return readings;
}

async function counted(gateway: GatewayProcess, name: string): Promise<number> {
  const text = await gateway.api<string>('GET', '/metrics');
  return Number(text.match(new RegExp(`^${name} (\\d+)$`, 'm'))?.[1]);
}

test('the C client compiles without a warning under gcc and clang, and calls nothing but memcpy, memset and memcmp', () => {
  make('compile');
});

test('the C client passes its own tests and the golden frames, also under the address and undefined behaviour sanitizers', () => {
  for (const target of ['test', 'sanitize']) assert.match(make(target), /^\d+ tests passed$/m);
});

test(`fuzzing the parsers and the device for ${fuzzSeconds} s each finds no error`, (context) => {
  // libFuzzer exits with an error code if it finds anything, and make() throws then.
  make('fuzz');
  context.diagnostic(`${fuzzSeconds} s each`);
});

test('the C client fits a Cortex-M0 with 16 KB of RAM', (context) => {
  const size = make('size');
  for (const line of size.trim().split('\n')) context.diagnostic(line);
  const code = Number(size.match(/^\s*(\d+).*all\.o$/m)?.[1]);
  assert.ok(code > 0 && code < 12_288, `${code} bytes of code`);
  const ram = make('ram');
  for (const line of ram.trim().split('\n')) context.diagnostic(line);
  assert.match(ram, /together \d+ of 16384 bytes/);
});

test('the C client plays a session on an emulated Cortex-M0 with 16 KB of RAM', (context) => {
  const said = make('microbit').trim().split('\n').at(-1) as string;
  context.diagnostic(said);
  assert.match(said, /^static \d+ bytes, stack \d+, together \d+ of 16384$/);
});

test('the ten lines of the README store a first reading', async (context) => {
  const gateway = await startGatewayProcess({ data: tempFolder(context) });
  context.after(() => gateway.stop());
  const [, lines] = readFileSync(join(source, 'README.md'), 'utf8').match(/```sh\n([\s\S]*?)```/) as RegExpMatchArray;
  assert.ok(lines.trim().split('\n').length <= 10, lines);
  // The lines run as written, except for the port and the build folder.
  const here = lines
    .replaceAll('ws://127.0.0.1:8080/v1/device', gateway.deviceUrl)
    .replaceAll('clients/c/build', build);
  const env = { ...process.env, BUILD: build, TIDEGATE_URL: gateway.operatorUrl, TIDEGATE_KEY: gateway.key };
  const said = execFileSync('bash', ['-ec', here], { cwd: packageRoot, env, encoding: 'utf8', timeout: 120_000 });
  assert.match(said, /^frame 3 is on disk$/m);
  const loads = await storedReadings(gateway, 'boiler-7', 'load.1m');
  assert.ok(loads.length >= 3 && loads.every(({ value }) => typeof value === 'number'), JSON.stringify(loads));
});

test('the example prints why it is refused, and does not reconnect soon', async (context) => {
  const { gateway } = await gatewayWithDevice(context, 'boiler-8');
  make('examples');
  const example = spawn(join(build, 'linux'), [gateway.deviceUrl, 'boiler-8', `tgd_${'A'.repeat(43)}`]);
  const said: string[] = [];
  for await (const line of createInterface({ input: example.stdout })) {
    said.push(line);
    if (said.length === 2) example.kill('SIGTERM');
  }
  assert.equal(said[0], 'the gateway refused the link: HTTP 401');
  assert.match(said[1], /^trying again in \d+ ms$/);
});

interface Replay {
  samples: number;
  rows: number;
  /** The device is killed after each of these counts of further acks. */
  kills: number[];
}

interface RunningReplay {
  child: ChildProcess;
  /** What it prints. */
  lines: Interface;
}

function startReplay(folder: string, gateway: GatewayProcess, secret: string): RunningReplay {
  const child = spawn(join(build, 'replay'), ['send', folder, gateway.deviceUrl, 'logger', secret], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { child, lines: createInterface({ input: child.stdout }) };
}

/** Sends the frames that are left in the folder. Returns how long that took in ms, or null if the device was killed after `killAfter` acks. */
async function sendOnce(
  folder: string,
  gateway: GatewayProcess,
  secret: string,
  killAfter: number,
): Promise<number | null> {
  const { child, lines } = startReplay(folder, gateway, secret);
  let acks = 0;
  let tookMs: number | null = null;
  for await (const line of lines) {
    const said = JSON.parse(line) as { acked?: number; replayedMs?: number };
    tookMs = said.replayedMs ?? null;
    if (said.acked !== undefined && ++acks === killAfter) child.kill('SIGKILL');
  }
  return tookMs;
}

/** Lets a device with a full buffer connect, kills it at the given points, and checks that every sample is stored once and in order. */
async function replayed(context: TestContext, { samples, rows, kills }: Replay): Promise<number> {
  const { gateway, secret } = await gatewayWithDevice(context, 'logger');
  make('examples');
  const folder = join(tempFolder(context), 'state');
  mkdirSync(folder);
  const start = Math.floor(Date.now() / 1000) * 1000 - samples * 1000;
  execFileSync(join(build, 'replay'), ['fill', folder, String(samples), String(rows), String(start)]);
  for (const acks of kills) assert.equal(await sendOnce(folder, gateway, secret, acks), null, 'killed in the middle');
  const tookMs = await sendOnce(folder, gateway, secret, Number.POSITIVE_INFINITY);
  const stored = await storedReadings(gateway, 'logger', 'sample');
  assert.equal(stored.length, samples);
  const wrong = stored.findIndex(({ ts, value }, i) => ts !== start + 1000 * i || value !== i);
  assert.equal(wrong, -1, `sample ${wrong} is stored as ${JSON.stringify(stored[wrong])}`);
  // No seq was skipped, and no reading came a second time under another seq.
  assert.equal(await counted(gateway, 'tidegate_seq_gaps_total'), 0);
  assert.equal(await counted(gateway, 'tidegate_readings_repeated_total'), 0);
  return tookMs as number;
}

test('24 hours of samples with one minute per frame are replayed, and all are stored once and in order', async (context) => {
  const tookMs = await replayed(context, { samples: daySeconds, rows: 60, kills: [] });
  context.diagnostic(`${daySeconds} samples in ${daySeconds / 60} frames: ${(tookMs / 1000).toFixed(1)} s`);
});

test('samples with one frame each are replayed over three SIGKILLs of the device, and all are stored once and in order', async (context) => {
  const samples = isFull ? daySeconds : 8_640;
  await replayed(context, { samples, rows: 1, kills: [1, 10, 20] });
});

if (isFull)
  test('24 hours of samples with one frame each are replayed, and all are stored once and in order', async (context) => {
    const tookMs = await replayed(context, { samples: daySeconds, rows: 1, kills: [] });
    context.diagnostic(`${daySeconds} samples in ${daySeconds} frames: ${(tookMs / 1000).toFixed(1)} s`);
  });
