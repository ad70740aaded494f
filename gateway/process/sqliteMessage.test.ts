import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sqliteMessage } from './sqliteMessage.js';

const failing = (message: string, code?: string): Error => Object.assign(new Error(message), { code });
const file = '/opt/node_modules/better-sqlite3/build/Release/better_sqlite3.node';

test('a better-sqlite3 that does not load is explained in one line that says what to do', () => {
  const cases: [error: Error, said: RegExp][] = [
    [
      failing("Cannot find package 'better-sqlite3' imported from /opt/openDatabase.js", 'ERR_MODULE_NOT_FOUND'),
      /^better-sqlite3 is not installed, .+ run npm ci /,
    ],
    [
      failing('Could not locate the bindings file. Tried:\n → /opt/a.node\n → /opt/b.node'),
      /^better-sqlite3 has no binary, .+ run npm rebuild better-sqlite3 --ignore-scripts=false /,
    ],
    [
      failing(
        `The module '${file}'\nwas compiled against a different Node.js version using\nNODE_MODULE_VERSION 115.`,
        'ERR_DLOPEN_FAILED',
      ),
      /^The binary of better-sqlite3 was made for another version of Node than this one \(26\.1\.0\): run npm rebuild better-sqlite3 /,
    ],
    [
      failing(`/lib/libc.so.6: version \`GLIBC_2.38' not found (required by ${file})`, 'ERR_DLOPEN_FAILED'),
      /^The binary of better-sqlite3 does not load on this system \(.+GLIBC_2\.38.+\): run npm rebuild .+ --build-from-source /,
    ],
  ];
  for (const [error, said] of cases) {
    const message = sqliteMessage(error, '26.1.0') ?? '';
    assert.match(message, said);
    assert.doesNotMatch(message, /\n/);
  }
});

test('another error is not taken for one of better-sqlite3', () => {
  for (const error of [
    failing('database is locked', 'SQLITE_BUSY'),
    failing("Cannot find package 'pino' imported from /opt/logger.js", 'ERR_MODULE_NOT_FOUND'),
    failing('/opt/uws_linux_x64_115.node: NODE_MODULE_VERSION 115', 'ERR_DLOPEN_FAILED'),
    failing('A log line about NODE_MODULE_VERSION and better_sqlite3.node'),
    failing(''),
  ])
    assert.equal(sqliteMessage(error, '26.1.0'), null);
});
