import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a build reads: the folders of tsconfig.json and the console's, and the files that choose the compiler and its options. */
const folders = ['cli', 'clients/js', 'console', 'device-sim', 'gateway', 'schemas', 'scripts', 'tests'];
const files = ['package.json', 'package-lock.json', 'tsconfig.json'];

/** The SHA-256 of everything below `root` that a build reads, names included. dist/build.json keeps it, so that a later build is not repeated. */
export function sourcesDigest(root) {
  const hash = createHash('sha256');
  for (const path of [...files, ...folders.flatMap((folder) => filesBelow(root, folder))])
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  return hash.digest('hex');
}

function filesBelow(root, folder) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return filesBelow(root, path);
      return entry.isFile() ? [path] : [];
    });
}
