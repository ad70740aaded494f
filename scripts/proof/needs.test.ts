import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../schemas/load.js';
import { tempFolder } from '../../tests/rig/tempFolder.js';
import { debianPackages } from './needs.js';

test('CI installs every package that a system test or a proof needs', () => {
  const [, wanted] = /wanted=\(([^)]*)\)/.exec(readFileSync(join(packageRoot, '.ci', 'run'), 'utf8')) ?? [];
  const installed = wanted.split(/\s+/);
  for (const packages of Object.values(debianPackages))
    for (const name of packages.split(' ')) assert.ok(installed.includes(name), name);
});

test('proofs, pictures and system tests name all missing programs before they begin', (context) => {
  const PATH = tempFolder(context);
  const run = (...args: string[]): [number | null, string] => {
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: packageRoot, env: { PATH }, encoding: 'utf8' });
    return [status, stderr];
  };
  assert.deepEqual(run('dist/scripts/build/screenshot.js'), [
    69,
    'error: chromium is not installed. Run: apt-get install chromium\n',
  ]);
  assert.deepEqual(run('dist/scripts/proof/proof.js', 'bridge', 'seal'), [
    69,
    'error: strace, mosquitto is not installed. Run: apt-get install mosquitto strace\n',
  ]);
  const [status, words] = run('dist/scripts/proof/systemNeeds.js');
  assert.equal(status, 69);
  assert.match(
    words,
    /^error: arm-none-eabi-gcc, .* zsh is not installed\. Run: apt-get install caddy chromium clang .* zsh\n$/,
  );
  assert.doesNotMatch(words, /nats/);
});
