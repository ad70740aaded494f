import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { parse } from 'yaml';
import { packageRoot } from '../schemas/load.js';
import { mainFile, runCli } from './cli.fixture.js';

function folderFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-init-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

interface ComposeFile {
  services: { gateway: { build: string; volumes: string[]; command: string[]; healthcheck: { test: string[] } } };
  volumes: object;
}

const written = ['gateway.yaml', 'models', 'models/room.yaml', 'tidegate.service'];

test('init writes files from which the gateway starts, and the commands that it prints work', async (context) => {
  const folder = join(folderFor(context), 'new');
  const { code, out } = await runCli(null, 'init', folder);
  assert.equal(code, 0);
  assert.deepEqual(readdirSync(folder, { recursive: true }).sort(), written);
  const printed = [...out.matchAll(/^ {2}node \S+main\.js (.*?) {2,}#/gm)].map(([, command]) => command.split(' '));
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

test('the commands are called as they can be in the new folder', async (context) => {
  const folder = folderFor(context);
  const said = async (name: string): Promise<string[]> => {
    const { out } = await runCli(null, 'init', join(folder, name));
    const yaml = readFileSync(join(folder, name, 'gateway.yaml'), 'utf8');
    return [
      ...out.matchAll(/^ {2}(.*) serve --config/gm),
      ...yaml.matchAll(/^# Check the file with: (.*) config check/gm),
    ].map(([, words]) => words);
  };
  const main = `node ${join(packageRoot, 'dist', 'cli', 'main.js')}`;
  assert.deepEqual(await said('before'), [main, main]);
  mkdirSync(join(folder, 'node_modules', '.bin'), { recursive: true });
  writeFileSync(join(folder, 'node_modules', '.bin', 'tidegate'), '');
  assert.deepEqual(await said('after/below'), ['npx tidegate', 'npx tidegate']);
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

test('with --compose there is a compose file that runs the image of this checkout on the new files', async (context) => {
  const folder = folderFor(context);
  const { code, out } = await runCli(null, 'init', folder, '--compose');
  assert.deepEqual([code, /^ {2}docker compose up --build /m.test(out)], [0, true], out);
  const [{ services, volumes }, original] = [folder, packageRoot].map(
    (at) => parse(readFileSync(join(at, 'compose.yaml'), 'utf8')) as ComposeFile,
  );
  const { build, command, healthcheck, volumes: mounts, ...rest } = services.gateway;
  const { build: _, volumes: before, ...same } = original.services.gateway;
  assert.deepEqual([rest, volumes, build], [same, original.volumes, packageRoot]);
  assert.deepEqual(mounts.slice(2), before);
  for (const mount of mounts.slice(0, 2)) assert.ok(existsSync(join(folder, mount.split(':')[0])), mount);
  // The same words, with the paths of this machine, are a valid configuration.
  const here = command.map((word) => word.replace('/etc/tidegate', folder));
  assert.deepEqual(here.slice(0, 3), ['node', 'dist/cli/main.js', 'serve']);
  const checked = await runCli(null, 'config', 'check', ...here.slice(3));
  assert.deepEqual([checked.code, /^models: room$/m.test(checked.out)], [0, true], checked.err);
  assert.deepEqual(healthcheck.test, ['CMD', 'node', 'dist/cli/main.js', 'health', ...command.slice(3)]);
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
  // Nobody can make a folder in /proc, not even root.
  const inProc = await runCli(null, 'init', '/proc/plant');
  assert.deepEqual([inProc.code, /\/proc\/plant cannot be written to: /.test(inProc.err)], [73, true], inProc.err);
});

test('nothing is written if one of the folders cannot be made', async (context) => {
  const folder = folderFor(context);
  writeFileSync(join(folder, 'models'), 'mine');
  const { code, err } = await runCli(null, 'init', folder);
  assert.deepEqual([code, /cannot be written to: /.test(err)], [73, true], err);
  assert.deepEqual(readdirSync(folder), ['models']);
});
