import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { mainFile, runCli } from './cli.fixture.js';

function folderFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-init-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const written = ['gateway.yaml', 'models', 'models/room.yaml', 'tidegate.service'];

test('init writes files from which the gateway starts, and the commands that it prints work', async (context) => {
  const folder = join(folderFor(context), 'new');
  const { code, out } = await runCli(null, 'init', folder);
  assert.equal(code, 0);
  assert.deepEqual(readdirSync(folder, { recursive: true }).sort(), written);
  const printed = [...out.matchAll(/^ {2}npx tidegate (.*?) {2,}#/gm)].map(([, command]) => command.split(' '));
  assert.equal(printed.length, 3);
  const ports = ['--set', 'device.port=0', '--set', 'operator.port=0'];
  const gateway = spawn(process.execPath, [mainFile, ...printed[0], ...ports], { cwd: folder });
  context.after(() => gateway.kill('SIGKILL'));
  let url = '';
  for await (const line of createInterface({ input: gateway.stdout })) {
    const { msg, console: address } = JSON.parse(line) as { msg: string; console?: string };
    if (msg === 'ready' && address !== undefined) {
      url = address;
      break;
    }
  }
  const run = (args: string[]): string =>
    execFileSync(process.execPath, [mainFile, ...args, '--url', url], { cwd: folder, encoding: 'utf8' });
  assert.match(run(printed[1]), /tgd_/);
  assert.match(run(printed[2]), /room-1[\s\S]*room/);
  gateway.kill('SIGTERM');
  await once(gateway, 'exit');
});

test('the unit starts this installation with the new configuration', async (context) => {
  const folder = folderFor(context);
  assert.equal((await runCli(null, 'init', folder)).code, 0);
  const unit = readFileSync(join(folder, 'tidegate.service'), 'utf8');
  const [, start] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
  const [node, main, ...args] = start.split(' ');
  assert.deepEqual([node, args[2]], [process.execPath, join(folder, 'gateway.yaml')]);
  assert.match(execFileSync(node, [main, '--version'], { encoding: 'utf8' }), /^\d+\.\d+\.\d+\n/);
  assert.doesNotMatch(unit, /\/opt\/tidegate/);
});

test('init overwrites nothing', async (context) => {
  for (const name of ['gateway.yaml', 'models/room.yaml', 'tidegate.service']) {
    const folder = folderFor(context);
    mkdirSync(join(folder, 'models'));
    writeFileSync(join(folder, name), 'mine');
    const { code, err } = await runCli(null, 'init', folder);
    assert.deepEqual([code, err.includes(`${name} exists`)], [73, true], err);
    assert.equal(readFileSync(join(folder, name), 'utf8'), 'mine');
    assert.deepEqual(readdirSync(folder, { recursive: true }).sort(), [...new Set(['models', name])].sort());
  }
});

test('a folder that cannot be made is an error that names it', async (context) => {
  const file = join(folderFor(context), 'file');
  writeFileSync(file, '');
  const { code, err } = await runCli(null, 'init', join(file, 'below'));
  assert.deepEqual([code, /below cannot be written to: /.test(err)], [73, true], err);
});
