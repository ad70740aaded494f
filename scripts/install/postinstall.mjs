// npm runs this after the packages are installed, in a checkout and for the packed package. It checks that this Node can run Tidegate
// and that SQLite is there, and removes what this machine never loads.
// scripts/install/ has what runs on the machine of every user, before dist/ exists, and is the only part of scripts/ in the package.
import { createRequire } from 'node:module';
import { engineProblem, sqliteProblem } from './problems.mjs';
import { trim } from './trim.mjs';

const require = createRequire(import.meta.url);

const problem = engineProblem(process.versions.node) || sqliteProblem(sqliteError());
if (problem !== null) {
  console.error(problem);
  process.exit(1);
}
trim({ require, platform: process.platform, arch: process.arch });

/** What better-sqlite3 throws when it opens a database; null if it works. */
function sqliteError() {
  try {
    const Database = require('better-sqlite3');
    new Database(':memory:').close();
    return null;
  } catch (error) {
    return error;
  }
}
