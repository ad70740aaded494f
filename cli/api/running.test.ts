import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { noteRunning, runningOn } from '../../device-sim/api/running.js';
import { tempFolder } from '../../tests/rig/tempFolder.js';
import { mainFile } from '../cli.fixture.js';

test('a note is found while its process runs, and none is found without a process or with other content', (context) => {
  const folder = tempFolder(context);
  assert.equal(runningOn(folder), null);
  const forget = noteRunning(folder, 'http://127.0.0.1:9');
  assert.deepEqual(runningOn(folder), { pid: process.pid, operatorUrl: 'http://127.0.0.1:9' });
  forget();
  assert.equal(runningOn(folder), null);
  const { pid } = spawnSync(process.execPath, ['--version']);
  for (const content of [
    '',
    'null',
    '[]',
    JSON.stringify({ pid, operatorUrl: 'http://127.0.0.1:9' }),
    JSON.stringify({ pid: String(process.pid), operatorUrl: 'http://127.0.0.1:9' }),
    JSON.stringify({ pid: process.pid, operatorUrl: 9 }),
  ]) {
    writeFileSync(join(folder, 'running.json'), content);
    assert.equal(runningOn(folder), null, content);
  }
});

const simulatorFile = fileURLToPath(new URL('../../device-sim/cli.js', import.meta.url));
const running = JSON.stringify(
  pathToFileURL(fileURLToPath(new URL('../../device-sim/api/running.js', import.meta.url))).href,
);

test('data-demo is the data folder only while a gateway runs there and none on data', (context) => {
  const cwd = tempFolder(context);
  const folder = (): string =>
    spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', `process.stdout.write((await import(${running})).defaultFolder())`],
      {
        cwd,
        encoding: 'utf8',
      },
    ).stdout;
  for (const name of ['data', 'data-demo']) mkdirSync(join(cwd, name));
  assert.equal(folder(), 'data');
  const forget = noteRunning(join(cwd, 'data-demo'), 'http://127.0.0.1:9');
  assert.equal(folder(), 'data-demo');
  noteRunning(join(cwd, 'data'), 'http://127.0.0.1:9');
  assert.equal(folder(), 'data');
  forget();
  assert.equal(folder(), 'data');
});

/** Starts the command line in a folder, on ports that the system chooses. Resolves with its first line that matches. */
async function startIn(cwd: string, context: { after(end: () => void): void }, command: string, line: RegExp) {
  const ports = ['--set', 'device.port=0', '--set', 'operator.port=0'];
  const child = spawn(process.execPath, [mainFile, command, ...ports], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  context.after(() => child.kill('SIGKILL'));
  const printed: string[] = [];
  for await (const one of createInterface({ input: child.stdout })) {
    printed.push(one);
    if (line.test(one)) break;
  }
  child.stdout.resume();
  return { printed, child };
}

const cli = (cwd: string, ...args: string[]) =>
  spawnSync(process.execPath, [mainFile, ...args], { cwd, encoding: 'utf8' });

test('serve says where the key is, and commands find it without options; the demo’s devices are not in its registry', async (context) => {
  const cwd = tempFolder(context);
  const demo = await startIn(cwd, context, 'demo', /#key=/);
  const printed = demo.printed.flatMap((line) => /^ {2}npx tidegate (query boiler-1.*)$/.exec(line)?.[1] ?? []);
  assert.deepEqual(printed, ['query boiler-1']);
  assert.match(cli(cwd, 'query', 'boiler-1', '--metric', 'temperature').stdout, /temperature/);
  assert.match(cli(cwd, 'sql', 'SELECT count(*) FROM readings').stdout, /^count/);
  const deviceUrl = demo.printed.map((line) => /accepts devices at (\S+)/.exec(line)?.[1]).find(Boolean) ?? '';
  const simulator = spawnSync(
    process.execPath,
    [simulatorFile, 'demo', '--devices', '2', '--prefix', 'more-', '--duration', '1s', '--device-url', deviceUrl],
    { cwd, encoding: 'utf8' },
  );
  assert.deepEqual([simulator.status, simulator.stderr.includes('operator key')], [0, false], simulator.stderr);
  assert.match(cli(cwd, 'device', 'list').stdout, /^more-/m);
  const serve = await startIn(cwd, context, 'serve', /sign in/);
  const said = JSON.parse(serve.printed.at(-1) ?? '') as { msg: string };
  const [, url, file] =
    /^sign in to the console, (\S+), with the key in (\S+)$/.exec(said.msg) ?? assert.fail(said.msg);
  assert.match(readFileSync(join(cwd, file), 'utf8'), /^tgk_/);
  assert.equal(runningOn(join(cwd, 'data'))?.operatorUrl, url);
  assert.equal(cli(cwd, 'device', 'list', '--json').stdout, '');
  assert.match(cli(cwd, 'device', 'list', '--data', 'data-demo').stdout, /boiler-1/);
  for (const { child } of [demo, serve]) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  assert.ok(!existsSync(join(cwd, 'data', 'running.json')) && !existsSync(join(cwd, 'data-demo', 'running.json')));
});
