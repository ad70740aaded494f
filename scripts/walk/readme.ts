// `npm run walk`: walks the README in a clean clone of this checkout. Needs free ports 8080 and 8081, and Debian's chromium. With --installed
// the clone takes what is installed and built here, and npm ci and the tests are left out; .ci/run does these by themselves.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { packageRoot } from '../../schemas/load.js';
import { openBrowser } from '../../tests/console/browser.js';
import { type Ended, type Program, startProgram } from '../../tests/package/program.js';
import { type Listing, missingLine, piecesOf, type Step } from './page.js';

const installed = process.argv.includes('--installed');
const limitSeconds = 120;
const installSeconds = 1200;
/** A fleet that the page lets run for minutes does the same things in less time. */
const shorter = { from: '--duration 10m', to: '--duration 20s' };
const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/;

type Kind = 'gateway' | 'watch' | 'tests' | 'once';

/** The first pattern that fits says how a command is run. */
const kinds: [RegExp, Kind][] = [
  [/npm run demo|npm start|tidegate serve/, 'gateway'],
  [/npm test/, 'tests'],
  [/tidegate tail/, 'watch'],
  [/./, 'once'],
];

/** A gateway that is up, and the command that started it. */
interface Running {
  command: string;
  program: Program;
}

const folder = mkdtempSync(join(tmpdir(), 'tidegate-walk-'));
let running: Running | null = null as Running | null;
let demo = '';
/** What the commands printed that later ones need: a device's secret, and the newest id. */
let [secret, newestId] = ['', ''];
let walked = 0;

try {
  execFileSync('git', ['clone', '-q', packageRoot, folder]);
  if (installed) for (const name of ['node_modules', 'dist']) symlinkSync(join(packageRoot, name), join(folder, name));
  for (const piece of piecesOf(readFileSync(join(folder, 'README.md'), 'utf8'))) {
    const started = performance.now();
    const name = piece.kind === 'step' ? piece.command : `the ${piece.language} program`;
    const said = piece.kind === 'step' ? await take(piece) : await runListing(piece);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(
      `line ${String(piece.line).padEnd(4)} ${seconds.padStart(6)} s  ${name}${said === '' ? '' : ` (${said})`}`,
    );
    walked += 1;
  }
  await stopGateway();
  console.log(`walked: ${walked} commands and programs did what the README shows`);
} catch (error) {
  console.error(`\nThe walk ends here: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  if (running !== null) signal(running.program, 'KILL');
  rmSync(folder, { recursive: true, force: true });
}

/** Does one command of the page. Returns what the reader of the log should know about how it was done. Throws if it does not do what it should. */
async function take(step: Step): Promise<string> {
  const kind = kinds.find(([pattern]) => pattern.test(step.command))?.[1] ?? 'once';
  if (kind === 'gateway') return startGateway(step);
  if (kind === 'tests') return runTests(step);
  await gatewayFor(step.command);
  const command = step.command.replace(shorter.from, shorter.to).replace(uuid, newestId);
  if (kind === 'watch') await watch(step, command);
  else if (!(await runOnce(step, command))) {
    // It asks, and there is no terminal here to answer.
    await runOnce(step, `${command} --yes`);
    return `as ${command} --yes`;
  }
  return command === step.command ? '' : `as ${command}`;
}

/** Runs a command in a session of its own, as in a terminal. */
function shell(command: string): Program {
  return startProgram('setsid', ['--wait', 'bash', '-c', command], { cwd: folder });
}

async function startGateway(step: Step): Promise<string> {
  await stopGateway();
  const command = installed ? step.command.replace('npm ci && ', '') : step.command;
  const [install, start] = command.includes('&&') ? command.split(' && ') : ['', command];
  if (install !== '') succeeded(step, await within(installSeconds, step, shell(install).exited));
  const program = shell(start);
  running = { command: step.command, program };
  const [printed] = await within(limitSeconds, step, program.printed(/^[\s\S]*(?:#key=tgk_\S+|"msg":"ready").*\n/));
  compare(step, printed);
  if (/npm run demo$/.test(step.command)) demo = start;
  // What follows on the page uses the usual ports.
  if (step.command.includes('--set device.port')) await stopGateway();
  return command === step.command ? '' : `as ${command}`;
}

/** Sends a signal to all processes of a session, as Ctrl-C does in a terminal: npm, its shell, and the gateway. */
function signal({ pid }: Program, name: 'INT' | 'KILL'): void {
  execFileSync('pkill', [`-${name}`, '-s', String(pid), 'node']);
}

/** Stops the gateway as Ctrl-C does. */
async function stopGateway(): Promise<void> {
  if (running === null) return;
  const { command, program } = running;
  running = null;
  signal(program, 'INT');
  const step = { line: 0, command, shown: [] };
  interrupted(step, await within(limitSeconds, step, program.exited));
}

/** The page says that commands work beside the demo; only those that name a data folder mean the gateway that has it. */
async function gatewayFor(command: string): Promise<void> {
  const [data] = /--data \S+/.exec(command) ?? [];
  if (
    running !== null &&
    (running.command.includes('npm run demo') || (data !== undefined && running.command.includes(data)))
  )
    return;
  await startGateway({ line: 0, command: demo, shown: [] });
}

async function runTests(step: Step): Promise<string> {
  if (installed) return 'left out';
  await stopGateway();
  const ended = await within(installSeconds, step, shell(step.command).exited);
  succeeded(step, ended);
  compare(step, ended.output);
  return '';
}

/** A command that follows what happens: something has to come, and Ctrl-C ends it. */
async function watch(step: Step, command: string): Promise<void> {
  const program = shell(command);
  await within(limitSeconds, step, program.printed(/\n/));
  signal(program, 'INT');
  interrupted(step, await within(limitSeconds, step, program.exited));
}

/** Returns whether it was done: false if it wants a confirmation first. */
async function runOnce(step: Step, command: string): Promise<boolean> {
  const ended = await within(limitSeconds, step, shell(command).exited);
  if (ended.code === 64 && ended.errors.includes('To confirm it, add --yes')) return false;
  succeeded(step, ended);
  compare(step, ended.output);
  [secret] = ended.output.match(/tgd_[\w-]{20,}/) ?? [secret];
  [newestId] = ended.output.match(uuid) ?? [newestId];
  return true;
}

/** The device of the page, first with Node as the page says, then pasted into a browser. */
async function runListing({ text }: Listing): Promise<string> {
  const program = text.replace('tgd_…', secret);
  writeFileSync(join(folder, 'first.mjs'), program);
  const device = startProgram(process.execPath, ['first.mjs'], { cwd: folder });
  const step = { line: 0, command: 'node first.mjs', shown: [] };
  await within(limitSeconds, step, device.printed(/frame 1 is on disk/));
  await device.stop('SIGINT');
  const browser = await openBrowser();
  try {
    const page = await browser.newPage();
    await page.goto('http://127.0.0.1:8080/');
    const said = page.waitForEvent('console', { predicate: (message) => message.text() === 'frame 2 is on disk' });
    await page.evaluate(program.split('\n').slice(1).join('\n'));
    await said;
  } finally {
    await browser.close();
  }
  return 'with Node, then in a browser';
}

/** After Ctrl-C a program ends well; npm, which ran it, may end with 130 all the same. */
function interrupted(step: Step, ended: Ended): void {
  if (ended.code !== 130) succeeded(step, ended);
}

function succeeded(step: Step, { code, output, errors }: Ended): void {
  if (code !== 0) throw new Error(`line ${step.line}: ${step.command}\nended with ${code}:\n${output}${errors}`);
}

function compare(step: Step, output: string): void {
  const missing = missingLine(step.shown, output);
  if (missing !== null)
    throw new Error(
      `line ${step.line}: ${step.command}\nThe README shows this line:\n${missing}\nand it printed:\n${output}`,
    );
}

async function within<Value>(seconds: number, step: Step, wanted: Promise<Value>): Promise<Value> {
  const timer = new AbortController();
  const late = after(seconds * 1000, null, { signal: timer.signal }).then(() => {
    throw new Error(`line ${step.line}: ${step.command}\ndid not do it in ${seconds} s`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([wanted, late]);
  } finally {
    timer.abort();
  }
}
