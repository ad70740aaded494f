import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { codeOf, fileReason } from '../../../schemas/errors.js';
import { makeFolder } from '../../../schemas/makeFolder.js';

/** The data folder cannot be made or written by this user. The message has the fix. */
export class FolderUnusableError extends Error {
  readonly code = 'DATA_UNUSABLE';
}

/** What a gateway or a backup writes in its folder. */
const written = [
  ...['gateway.lock', 'gateway.json', 'running.json', 'admin.key', 'ballast', 'readings', 'backup.unfinished'],
  'archived.json',
  ...['log.db', 'tidegate.db'].flatMap((name) => [name, `${name}-wal`, `${name}-shm`]),
];

/**
 * Makes the data folder if it does not exist, and checks that this user may write what is in it. A folder that has only files of others is
 * refused, because it was probably named by mistake. Throws FolderUnusableError.
 */
export function prepareFolder(folder: string): void {
  try {
    makeFolder(resolve(folder));
  } catch (error) {
    throw unusable(`The data folder ${resolve(folder)} cannot be made`, error);
  }
  for (const path of [folder, ...written.map((name) => join(folder, name)).filter((one) => existsSync(one))]) {
    try {
      accessSync(path, constants.R_OK | constants.W_OK | (statSync(path).isDirectory() ? constants.X_OK : 0));
    } catch (error) {
      const what = path === folder ? 'the gateway cannot write in it' : `the gateway cannot write ${path}`;
      throw unusable(`The data folder ${resolve(folder)} cannot be used, because ${what}`, error);
    }
  }
  const names = readdirSync(folder);
  // A file system may have lost+found at its top, and a volume hidden files.
  const foreign = names.filter((name) => name !== 'lost+found' && !name.startsWith('.')).sort();
  if (foreign.length === 0 || names.some((name) => written.includes(name))) return;
  const some = foreign.slice(0, namedMax).join(', ') + (foreign.length > namedMax ? ', …' : '');
  throw new FolderUnusableError(
    `The data folder ${resolve(folder)} has no data of a gateway, but other files: ${some}. Give a new or an empty folder by --data.`,
  );
}

/** How many files of others a message names. */
const namedMax = 3;

function unusable(what: string, error: unknown): FolderUnusableError {
  const fix = fixes[codeOf(error) ?? ''] ?? 'Give another folder by --data';
  return new FolderUnusableError(`${what}: ${fileReason(error)}. ${fix}.`);
}

const owner = 'Give it to the user that runs Tidegate (chown -R USER FOLDER), or give another folder by --data';

const fixes: Readonly<Record<string, string>> = {
  EACCES: owner,
  EPERM: owner,
  EROFS: 'Mount it for writing, or give another folder by --data',
  EEXIST: 'Move the file away, or give another folder by --data',
  ENOTDIR: 'Give a folder by --data',
  ENOSPC: 'Free some space, or give a folder on another disk by --data',
};
