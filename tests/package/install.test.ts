import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../../schemas/load.js';
import { oldNodeMessage } from '../../schemas/nodeVersion.js';
import { tempFolder } from '../rig/tempFolder.js';

interface Machine {
  platform: string;
  arch: string;
  abi?: string | null;
}
const load = (name: string): Promise<unknown> =>
  import(pathToFileURL(join(packageRoot, 'scripts', 'install', name)).href);
const { foreignBinaries, trim } = (await load('trim.mjs')) as {
  foreignBinaries(names: string[], machine: Machine): string[];
  trim(options: Machine & { require: NodeJS.Require }): void;
};
const { engineProblem, sqliteProblem } = (await load('problems.mjs')) as {
  engineProblem(version: string): string | null;
  sqliteProblem(error: Error | null): string | null;
};

const names = [
  'uws_linux_x64_93.node',
  'uws_linux_x64_115.node',
  'uws_linux_x64_137.node',
  'uws_linux_arm64_115.node',
  'uws_win32_x64_115.node',
  'uws.js',
  'uws_linux_x64_115.node.txt',
];

test('binaries of other systems and of Node before 20 are foreign, and nothing else is', () => {
  assert.deepEqual(foreignBinaries(names, { platform: 'linux', arch: 'x64' }), [names[0], names[3], names[4]]);
  assert.deepEqual(foreignBinaries(names, { platform: 'linux', arch: 'riscv64' }), names.slice(0, 5));
});

test('for one Node only its own binary stays', () => {
  assert.deepEqual(
    foreignBinaries(names, { platform: 'linux', arch: 'x64', abi: '137' }),
    names.slice(0, 5).filter((name) => name !== names[2]),
  );
});

test('trimming keeps the binary of better-sqlite3 and its sources, may run twice, and bears missing packages', (context) => {
  const folder = tempFolder(context);
  const require = createRequire(join(folder, 'x.js'));
  trim({ require, platform: 'linux', arch: 'x64' });
  const sqlite = join(folder, 'node_modules', 'better-sqlite3');
  const uws = join(folder, 'node_modules', 'uWebSockets.js');
  for (const path of [uws, join(sqlite, 'deps'), join(sqlite, 'build', 'Release', 'obj.target')])
    mkdirSync(path, { recursive: true });
  for (const path of [uws, sqlite]) writeFileSync(join(path, 'package.json'), '{}');
  for (const name of names) writeFileSync(join(uws, name), name);
  for (const name of ['better_sqlite3.node', 'sqlite3.a', 'obj.target/a.o'])
    writeFileSync(join(sqlite, 'build', 'Release', name), name);
  for (let times = 0; times < 2; times++) {
    trim({ require, platform: 'linux', arch: 'x64' });
    assert.deepEqual(readdirSync(join(sqlite, 'build', 'Release')), ['better_sqlite3.node']);
    assert.ok(existsSync(join(sqlite, 'deps')));
    assert.deepEqual(readdirSync(uws).sort(), ['package.json', names[1], names[2], names[5], names[6]].sort());
  }
});

test('an installation refuses the same Nodes as the program, in the same words', () => {
  for (const version of ['16.9.1', '19.9.0', '20.0.0', '26.12.1'])
    assert.equal(engineProblem(version), oldNodeMessage(version));
});

test('a better-sqlite3 that was not built is reported with the packages of each distribution', () => {
  assert.equal(sqliteProblem(null), null);
  const problem = sqliteProblem(new Error('Could not locate the bindings file. Tried:\n → a')) ?? '';
  for (const line of ['apt install python3 make g++', 'apk add python3 make g++', 'dnf install python3 make gcc-c++'])
    assert.ok(problem.includes(line), line);
  assert.doesNotMatch(problem, /→/);
});
