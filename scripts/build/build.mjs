// `npm run build`: compiles the TypeScript to dist/, bundles the console, and records version, commit, time and the digest of the sources in
// dist/build.json. With --if-changed it builds only if dist/ was built from other sources.
// scripts/build/ has what makes files: dist/, generated sources, fixtures and pictures. What measures belongs to bench/, what checks to tests/.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { engineProblem } from '../install/problems.mjs';
import { sourcesDigest } from './sources.mjs';
import { takeTurn } from './turn.mjs';

const oldNode = engineProblem(process.versions.node);
if (oldNode !== null) {
  console.error(oldNode);
  process.exit(1);
}
// Not a static import, because that would be read before the check.
const { build } = await import('esbuild');

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
process.chdir(root);
// firstViewBytesMax counts compressed bytes. The console's first view must load on a poor link, such as a phone in the field; the browser test checks
// the same limit.
const {
  version,
  bin,
  config: { firstViewBytesMax },
} = JSON.parse(readFileSync('package.json', 'utf8'));

// Folders of bundles. The subfolders of dist/console have what its tests import.
const bundled = new Set([join('dist', 'console'), join('dist', 'apiPage')]);

linkCommands();
const hasWaited = await takeTurn(join('dist', '.building'), (pid) =>
  console.log(`Another build (process ${pid}) is running. This one waits for it.`),
);
const recordFile = join('dist', 'build.json');
const made = { version, commit: commit(), sources: sourcesDigest(root) };
const before = existsSync(recordFile) ? JSON.parse(readFileSync(recordFile, 'utf8')) : {};
if (
  (hasWaited || process.argv.includes('--if-changed')) &&
  Object.keys(made).every((key) => made[key] === before[key])
) {
  console.log('dist/ is up to date');
} else {
  await buildAll();
}

async function buildAll() {
  // A build that is interrupted must not count as a complete one.
  if (before.sources !== undefined) record({ ...before, sources: null });
  removeStale('dist');
  // clients/js has its own project, which also writes declarations for programs that import the client.
  for (const project of ['.', join('clients', 'js')])
    execFileSync(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', project], {
      stdio: 'inherit',
    });
  await bundleConsole();
  await bundleReportPage();
  const { SOURCE_DATE_EPOCH: epoch } = process.env;
  for (const file of Object.values(bin)) chmodSync(file, 0o755);
  record({ ...made, builtAt: epoch === undefined ? Date.now() : Number(epoch) * 1000 });
}

/** Writes dist/build.json at once, because a program that starts meanwhile reads it. */
function record(content) {
  writeFileSync(`${recordFile}.new`, `${JSON.stringify(content)}\n`);
  renameSync(`${recordFile}.new`, recordFile);
}

/** Makes `npx tidegate` and `npx tidegate-sim` run this checkout: npm makes such links for dependencies only. */
function linkCommands() {
  for (const [name, file] of Object.entries(bin)) {
    const link = join('node_modules', '.bin', name);
    rmSync(link, { force: true });
    symlinkSync(relative(dirname(link), file), link);
  }
}

/** Removes outputs whose source no longer exists, because their tests would still run. Bundles have no source of their own name. */
function removeStale(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) removeStale(path);
    else if (/\.js(\.map)?$/.test(entry.name)) {
      const source = relative('dist', path).replace(/\.js(\.map)?$/, '.ts');
      if (!existsSync(source) && !bundled.has(folder)) rmSync(path);
    }
  }
}

async function bundleConsole() {
  const source = 'console';
  const target = join('dist', 'console');
  mkdirSync(target, { recursive: true });
  for (const file of filesIn(target)) rmSync(join(target, file));
  const { metafile } = await build({
    entryPoints: [join(source, 'main.tsx')],
    outdir: target,
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    chunkNames: '[name]-[hash]',
    legalComments: 'none',
    // The pictures in Leaflet's style are of controls that the map does not have.
    loader: { '.png': 'empty' },
    logLevel: 'warning',
    metafile: true,
  });
  cpSync(join(source, 'index.html'), join(target, 'index.html'));
  cpSync(join(source, 'static'), target, { recursive: true });
  copyApiPage(source, join('dist', 'apiPage'));
  const packed = compress(target);
  compress(join('dist', 'apiPage'));
  const first = firstView(metafile, target).reduce((sum, file) => sum + packed.get(file), 0);
  console.log(`console: the first view is ${(first / 1024).toFixed(1)} KiB compressed`);
  if (first > firstViewBytesMax)
    throw new Error(
      `the first view of the console has ${first} bytes compressed, and the limit is ${firstViewBytesMax} (config in package.json)`,
    );
}

/** Bundles the script and the style that the simulator puts into its report. */
async function bundleReportPage() {
  const source = join('device-sim', 'report', 'page');
  await build({
    entryPoints: [join(source, 'page.ts')],
    outdir: join('dist', source),
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'warning',
  });
}

/** The files that the browser loads before it draws anything: the page, its style, its icon, its script and what that imports statically. */
function firstView({ outputs }, target) {
  const files = new Set(['index.html', 'main.css', 'favicon.svg']);
  const add = (path) => {
    files.add(relative(target, path));
    for (const { path: imported, kind } of outputs[path].imports) if (kind === 'import-statement') add(imported);
  };
  add(join(target, 'main.js'));
  return [...files];
}

/** Copies swagger-ui with our own start script, because the content security policy allows no script inside the page. */
function copyApiPage(source, target) {
  const vendored = join('node_modules', 'swagger-ui-dist');
  rmSync(target, { recursive: true, force: true });
  cpSync(join(source, 'apiPage'), target, { recursive: true });
  for (const file of ['swagger-ui-bundle.js', 'swagger-ui.css']) {
    // The source map is not copied, so the reference to it is removed.
    const text = readFileSync(join(vendored, file), 'utf8').replace(/\n?(\/\/|\/\*)# sourceMappingURL=.*$/s, '');
    writeFileSync(join(target, file), text);
  }
  for (const file of ['LICENSE', 'NOTICE']) cpSync(join(vendored, file), join(target, `swagger-ui.${file}.txt`));
}

/** Writes each file's compressed form beside it, so that the gateway compresses nothing. Returns the compressed sizes by name. */
function compress(folder) {
  const sizes = new Map();
  for (const name of filesIn(folder)) {
    const packed = gzipSync(readFileSync(join(folder, name)), { level: 9 });
    writeFileSync(join(folder, `${name}.gz`), packed);
    sizes.set(name, packed.length);
  }
  return sizes;
}

/** The names of the files that stand in the folder itself. */
function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}

/** The commit of the working tree; null outside a Git repository. */
function commit() {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return null;
  }
}
