// Builds dist/: compiles the TypeScript, bundles the console, and notes when and from what. Run by `npm run build`.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);
const { version, bin } = JSON.parse(readFileSync('package.json', 'utf8'));

removeStale('dist');
// The second: declarations of the JavaScript client, for programs that import it.
for (const project of ['.', join('clients', 'js')])
  execFileSync(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', project], {
    stdio: 'inherit',
  });
await bundleConsole();
const builtAt = process.env.SOURCE_DATE_EPOCH === undefined ? Date.now() : Number(process.env.SOURCE_DATE_EPOCH) * 1000;
writeFileSync(join('dist', 'build.json'), `${JSON.stringify({ version, commit: commit(), builtAt })}\n`);
for (const file of Object.values(bin)) chmodSync(file, 0o755);

/** Outputs whose source is gone would still run as tests. */
function removeStale(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) removeStale(path);
    else if (/\.js(\.map)?$/.test(entry.name)) {
      const source = relative('dist', path).replace(/\.js(\.map)?$/, '.ts');
      if (!existsSync(source) && !source.startsWith(join('gateway', 'console'))) rmSync(path);
    }
  }
}

async function bundleConsole() {
  const source = join('gateway', 'console');
  const target = join('dist', 'gateway', 'console');
  mkdirSync(target, { recursive: true });
  await build({
    entryPoints: [join(source, 'main.tsx')],
    outdir: target,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    logLevel: 'warning',
  });
  cpSync(join(source, 'index.html'), join(target, 'index.html'));
  cpSync(join(source, 'static'), target, { recursive: true });
  const bytes = ['main.js', 'main.css'].map(
    (file) => `${file} ${(statSync(join(target, file)).size / 1024).toFixed(1)} KiB`,
  );
  console.log(`console: ${bytes.join(', ')}`);
}

function commit() {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return null;
  }
}
