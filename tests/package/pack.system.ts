import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { packageRoot } from '../../schemas/load.js';
import { tempFolder } from '../rig/tempFolder.js';
import { checkTypes, expectedEntries, probeEntries } from './consumer.js';

/** Where no prebuilt binary can be fetched, better-sqlite3 is compiled: two minutes of a core. */
const timeout = 540_000;

test('the packed tarball installs in an empty folder and serves', { timeout }, async (context) => {
  const folder = tempFolder(context);
  const listed = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: packageRoot,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ filename, files }] = JSON.parse(listed) as { filename: string; files: { path: string }[] }[];
  const paths = files.map(({ path }) => path);
  for (const wanted of [
    'dist/cli/main.js',
    'dist/device-sim/cli.js',
    'dist/console/main.js',
    'dist/build.json',
    'dist/clients/js/client.js',
    'dist/clients/js/client.d.ts',
    'dist/clients/js/core/session.js',
    'dist/clients/js/core/session.d.ts',
    'dist/clients/js/fileStorage.d.ts',
    'dist/clients/js/indexedDbStorage.d.ts',
    'clients/js/README.md',
    'examples/node-device.mjs',
    'scripts/install/postinstall.mjs',
    'scripts/install/problems.mjs',
    'scripts/install/trim.mjs',
    'schemas/device/telemetry.schema.json',
    'schemas/vectors/frames.json',
    'schemas/PROTOCOL.md',
    'config/models/boiler.yaml',
    'LICENSE',
    'NOTICE',
  ]) {
    assert.ok(paths.includes(wanted), `${wanted} is missing`);
  }
  const unwanted = paths.filter((path) =>
    /\.test\.|\.system\.|\.fixture\.|^dist\/(scripts|tests)|^(scripts\/(?!install\/)|tests)|(?<!\.d)\.tsx?$|\.tsbuildinfo$/.test(
      path,
    ),
  );
  assert.deepEqual(unwanted, []);

  execFileSync('npm', ['install', '--no-audit', '--no-fund', join(folder, filename)], { cwd: folder, stdio: 'ignore' });
  assert.equal(probeEntries(folder), expectedEntries);
  for (const resolution of ['nodenext', 'bundler'] as const) checkTypes(folder, resolution);
  const gateway = spawn(
    'npx',
    ['tidegate', 'serve', '--data', join(folder, 'data'), '--set', 'device.port=0', '--set', 'operator.port=0'],
    { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'], detached: true },
  );
  context.after(() => {
    try {
      process.kill(-(gateway.pid as number), 'SIGKILL');
    } catch {
      // The whole group has ended.
    }
  });
  let console = '';
  for await (const line of createInterface({ input: gateway.stdout })) {
    const { msg, console: url } = JSON.parse(line) as { msg: string; console?: string };
    if (msg !== 'ready') continue;
    console = url as string;
    break;
  }
  assert.deepEqual(await (await fetch(`${console}/livez`, { headers: { connection: 'close' } })).json(), {
    status: 'ok',
  });
  assert.match(await (await fetch(console, { headers: { connection: 'close' } })).text(), /<title>Tidegate<\/title>/);
  process.kill(-(gateway.pid as number), 'SIGTERM');
  await once(gateway, 'exit');
});
