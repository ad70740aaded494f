// Removes what this machine never loads: binaries of uWebSockets.js for other systems and for Node before 20, and what the compiler left
// beside the binary of better-sqlite3. With --only-this-node (for an image, whose Node never changes) the binaries for other versions of
// Node go too. What is removed comes back with the next npm ci.
import { readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** NODE_MODULE_VERSION of Node 20. The binaries for newer ones stay, so that an upgrade of Node needs no new installation. */
const oldestAbi = 115;

/** The binaries of uWebSockets.js that another system or an unsupported Node would load. `abi` is a string; null keeps each from Node 20 on. */
export function foreignBinaries(names, { platform, arch, abi = null }) {
  return names.filter((name) => {
    const found = /^uws_([a-z0-9]+)_([a-z0-9]+)_(\d+)\.node$/.exec(name);
    if (found === null) return false;
    const fits = abi === null ? Number(found[3]) >= oldestAbi : found[3] === abi;
    return found[1] !== platform || found[2] !== arch || !fits;
  });
}

/** What compiling better-sqlite3 leaves in its build folder, beside the binary. */
const leftovers = ['obj', 'obj.target', '.deps', 'sqlite3.a', 'test_extension.node'];

/** Removes the files from the packages that `require` finds, and prints how much that was. A package that is not there is left out. */
export function trim({ require, platform, arch, abi }) {
  const uws = folderOf('uWebSockets.js', require);
  const sqlite = folderOf('better-sqlite3', require);
  const paths = [];
  if (uws !== null)
    paths.push(...foreignBinaries(readdirSync(uws), { platform, arch, abi }).map((name) => join(uws, name)));
  if (sqlite !== null) paths.push(...leftovers.map((name) => join(sqlite, 'build', 'Release', name)));
  let bytes = 0;
  for (const path of paths) {
    bytes += sizeOf(path);
    rmSync(path, { recursive: true, force: true });
  }
  console.log(`removed ${Math.round(bytes / 1e6)} MB that is not used on ${platform} ${arch}`);
}

function folderOf(name, require) {
  try {
    return dirname(require.resolve(`${name}/package.json`));
  } catch {
    return null;
  }
}

/** The bytes of a file or folder; 0 if it is not there. */
function sizeOf(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const abi = process.argv.includes('--only-this-node') ? process.versions.modules : null;
  trim({ require: createRequire(import.meta.url), platform: process.platform, arch: process.arch, abi });
}
