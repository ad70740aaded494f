import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../../schemas/load.js';
import { tempFolder } from '../rig/tempFolder.js';

const scripts = join(packageRoot, 'scripts', 'build');
const load = (name: string): Promise<unknown> => import(pathToFileURL(join(scripts, name)).href);
const { sourcesDigest } = (await load('sources.mjs')) as { sourcesDigest(root: string): string };

test('npx runs the program of the checkout and puts nothing into npm’s cache', (context) => {
  const cache = tempFolder(context);
  for (const [name, usage] of [
    ['tidegate', /^Usage: tidegate device/],
    ['tidegate-sim', /^Usage: tidegate-sim/],
  ] as const) {
    const out = execFileSync('npx', [name, ...(name === 'tidegate' ? ['device'] : []), '--help'], {
      cwd: packageRoot,
      env: { ...process.env, npm_config_cache: cache, npm_config_offline: 'true' },
      encoding: 'utf8',
    });
    assert.match(out, usage);
  }
  assert.ok(!existsSync(join(cache, '_npx')), String(readdirSync(cache)));
});

test('npm start and the demo without dist/ say what to run', (context) => {
  const root = tempFolder(context);
  cpSync(scripts, join(root, 'scripts', 'build'), { recursive: true });
  const run = (): unknown[] => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/build/run.mjs', 'demo'], { cwd: root });
    return [status, String(stdout), String(stderr)];
  };
  assert.deepEqual(run(), [78, '', 'Tidegate is not built in this checkout. Run: npm ci\n']);
  mkdirSync(join(root, 'node_modules'));
  assert.deepEqual(run(), [78, '', 'Tidegate is not built in this checkout. Run: npm run build\n']);
});

test('the digest of the sources changes with a file’s content, its name, and a new or missing file', (context) => {
  const root = tempFolder(context);
  for (const folder of ['cli', 'clients/js', 'console/parts', 'device-sim', 'gateway', 'schemas', 'scripts', 'tests'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const file of ['package.json', 'package-lock.json', 'tsconfig.json', 'cli/main.ts', 'console/parts/a.css'])
    writeFileSync(join(root, file), file);
  const digests = [sourcesDigest(root)];
  const changes: (() => void)[] = [
    () => writeFileSync(join(root, 'console/parts/a.css'), 'other'),
    () => renameSync(join(root, 'console/parts/a.css'), join(root, 'console/parts/b.css')),
    () => writeFileSync(join(root, 'package-lock.json'), 'other'),
    () => writeFileSync(join(root, 'gateway/new.ts'), ''),
    () => rmSync(join(root, 'cli/main.ts')),
  ];
  for (const change of changes) {
    change();
    digests.push(sourcesDigest(root));
  }
  assert.equal(new Set(digests).size, changes.length + 1);
  writeFileSync(join(root, 'README.md'), 'not read by a build');
  mkdirSync(join(root, 'data'));
  assert.equal(sourcesDigest(root), digests.at(-1));
});

/** A program that takes its turn, prints whether it waited, and keeps the turn until its input ends. */
const builder = `
  import { takeTurn } from ${JSON.stringify(pathToFileURL(join(scripts, 'turn.mjs')).href)};
  const waited = await takeTurn(process.argv[1], (pid) => console.log('waits for ' + pid));
  console.log('turn ' + waited);
  process.stdin.on('end', () => process.exit()).resume();
`;

test('a second build waits for the first, and none waits for one that was killed', async (context) => {
  const file = join(tempFolder(context), 'dist', '.building');
  const start = (): { pid: number; child: ReturnType<typeof spawn>; says(words: string): Promise<void> } => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', builder, file]);
    context.after(() => child.kill('SIGKILL'));
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += String(chunk);
    });
    const says = async (words: string): Promise<void> => {
      while (!out.includes(words)) await once(child.stdout, 'data');
    };
    return { pid: child.pid as number, child, says };
  };
  const first = start();
  await first.says('turn false');
  const second = start();
  await second.says(`waits for ${first.pid}`);
  first.child.stdin?.end();
  await second.says('turn true');
  second.child.kill('SIGKILL');
  await once(second.child, 'exit');
  assert.ok(existsSync(file));
  const third = start();
  await third.says('turn false');
  third.child.stdin?.end();
  await once(third.child, 'exit');
  assert.ok(!existsSync(file));
});
