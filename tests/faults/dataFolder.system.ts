import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { spawnGateway } from '../rig/gatewayProcess.js';
import { tempFolder } from '../rig/tempFolder.js';

const mainFile = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
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

test('sql and doctor refuse a data folder, a folder of day files and a database that this user may not read', async (context) => {
  const base = tempFolder(context);
  chmodSync(base, 0o755);
  const shut = join(base, 'shut');
  const days = join(base, 'days');
  const log = join(base, 'log');
  for (const folder of [shut, days, log]) mkdirSync(folder, { mode: folder === shut ? 0o700 : 0o755 });
  mkdirSync(join(days, 'readings'), { mode: 0o700 });
  writeFileSync(join(log, 'log.db'), '', { mode: 0o600 });
  const [setpriv = '', ...rest] = asNobody;
  for (const [folder, refused] of [
    [shut, shut],
    [days, join(days, 'readings')],
    [log, join(log, 'log.db')],
  ] as const)
    for (const command of [['sql', 'SELECT count(*) FROM readings'], ['doctor']]) {
      const words = [...rest, process.execPath, mainFile, ...command, '--data', folder];
      const { status, stderr } = spawnSync(setpriv, words, {
        encoding: 'utf8',
        env: { ...process.env, NO_COLOR: '1' },
      });
      assert.equal(status, 66, stderr);
      assert.ok(
        stderr.startsWith(`${refused} cannot be read: this user has no permission. Run the command as`),
        stderr,
      );
      assert.equal(stderr.trim().split('\n').length, 1, stderr);
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
