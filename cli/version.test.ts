import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { version } from '../gateway/process/version.js';
import { packageRoot } from '../schemas/load.js';
import { tempFolder } from '../tests/rig/tempFolder.js';

/** Links everything in a folder into another one, but one name. */
function linkAll(from: string, to: string, but: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from)) if (name !== but) symlinkSync(join(from, name), join(to, name));
}

test('--version prints the version also if the binary of better-sqlite3 does not load here, and says so', async (context) => {
  const copy = join(tempFolder(context), 'tidegate');
  linkAll(packageRoot, copy, 'node_modules');
  linkAll(join(packageRoot, 'node_modules'), join(copy, 'node_modules'), 'better-sqlite3');
  const [sqlite, broken] = [packageRoot, copy].map((root) => join(root, 'node_modules', 'better-sqlite3'));
  for (const part of ['package.json', 'lib']) cpSync(join(sqlite, part), join(broken, part), { recursive: true });
  mkdirSync(join(broken, 'build', 'Release'), { recursive: true });
  writeFileSync(join(broken, 'build', 'Release', 'better_sqlite3.node'), 'this is no library');
  const flags = ['--preserve-symlinks', '--preserve-symlinks-main'];
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...flags,
    join(copy, 'dist/cli/main.js'),
    '--version',
  ]);
  const [first, node, line, transport] = stdout.split('\n');
  assert.deepEqual([first, node.split(' ')[0], transport.split(' ')[0]], [version, 'node', 'transport']);
  assert.match(
    line,
    /^sqlite does not load\. The binary of better-sqlite3 does not load on this system \(.*npm rebuild/,
  );
});
