import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { spawnGateway } from '../rig/gatewayProcess.js';
import { tempFolder } from '../rig/tempFolder.js';

/** Runs what follows as a user who owns nothing; needs root. */
const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
/** Runs what follows where this folder is mounted read-only. */
const readOnly = (folder: string): string[] => [
  ...['unshare', '--mount', 'sh', '-c'],
  `mount --bind ${folder} ${folder} && mount -o remount,ro,bind ${folder} && exec "$@"`,
  'sh',
];

test('a data folder that cannot be made or written ends the start with 73, one sentence and no stack', async (context) => {
  const base = tempFolder(context);
  chmodSync(base, 0o755);
  const own = join(base, 'own');
  mkdirSync(own, { mode: 0o700 });
  const open = join(base, 'open');
  mkdirSync(open);
  chmodSync(open, 0o777);
  writeFileSync(join(open, 'admin.key'), 'x', { mode: 0o600 });
  const file = join(base, 'file');
  writeFileSync(file, '');
  const cases: [string[], string, RegExp][] = [
    [asNobody, join(own, 'data'), /cannot be made: this user has no permission\. Give it to the user .*chown/],
    [asNobody, own, /cannot write in it: this user has no permission/],
    [asNobody, open, /cannot write \S+admin\.key: this user has no permission/],
    [[], file, /cannot be made: a file has this name\. Move/],
    [readOnly(own), own, /cannot write in it: the file system is read-only\. Mount it for writing/],
  ];
  for (const [wrapper, data, message] of cases) {
    const run = spawnGateway({ data, wrapper });
    assert.equal(await run.exited, 73, run.errors());
    assert.match(run.errors(), message);
    assert.equal(run.errors().trim().split('\n').length, 1, run.errors());
  }
});

test('the first start on a full disk ends with 74 and says that the disk is full', async (context) => {
  const data = tempFolder(context);
  // The file system is in a namespace of the process, and goes with it.
  const script = `mount -t tmpfs -o size=64k tmpfs ${data} && exec "$@"`;
  const run = spawnGateway({ data, wrapper: ['unshare', '--mount', 'sh', '-c', script, 'sh'] });
  assert.equal(await run.exited, 74, run.errors());
  assert.match(run.errors(), /the disk is full.*Free some space/s);
  assert.equal(run.errors().trim().split('\n').length, 1, run.errors());
});
