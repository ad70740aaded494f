import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseTransport, whyNot } from './choose.js';

const failing = (message: string, code?: string) => (): Promise<never> =>
  Promise.reject(Object.assign(new Error(message), code === undefined ? {} : { code }));

const uws = { name: 'uws', version: '0', open: () => Promise.reject(new Error('not opened here')) } as const;

test('auto takes uWebSockets.js where it loads, and else ws, with the reason', async () => {
  const loads = await chooseTransport('auto', () => Promise.resolve({ transport: uws }));
  assert.equal(loads.transport.name, 'uws');
  const falls = await chooseTransport('auto', failing('wrapper\n\nError: Cannot find module ./uws_linux_x64_999.node'));
  assert.equal(falls.transport.name, 'ws');
  assert.match(falls.reason, /^uWebSockets\.js has no binary for Node \d+\.\d+\.\d+ \(ABI \d+\) on \w+ \w+$/);
});

test('ws is taken without loading uWebSockets.js if it is asked for', async () => {
  const { transport, reason } = await chooseTransport('ws', failing('must not be called'));
  assert.deepEqual([transport.name, reason], ['ws', 'the setting transport is ws']);
});

test('uws that does not load is refused with 78 and what to do', async () => {
  await assert.rejects(chooseTransport('uws', failing('not here', 'ERR_MODULE_NOT_FOUND')), {
    exitCode: 78,
    message: 'The setting transport is uws, but uWebSockets.js is not installed. Use auto or ws instead.',
  });
});

test('the reason is said in plain words for what systems report', () => {
  const machine = { platform: 'linux', arch: 'x64', versions: { node: '24.1.0', modules: '137' } } as never;
  const cases: [message: string, said: RegExp][] = [
    [
      "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by uws_linux_x64_137.node)",
      /^uWebSockets\.js for Node 24\.1\.0 needs a C library of glibc 2\.38 or newer/,
    ],
    ['Error loading shared library ld-linux-x86-64.so.2: No such file or directory', /needs the C library glibc/],
    [
      "Error: Cannot find module './uws_linux_x64_137.node'",
      /has no binary for Node 24\.1\.0 \(ABI 137\) on linux x64$/,
    ],
    ['first\n\nlast line', /^uWebSockets\.js did not load: last line$/],
    ['', /^uWebSockets\.js did not load: it gave no reason$/],
  ];
  for (const [message, said] of cases) assert.match(whyNot(new Error(message), machine), said);
});
