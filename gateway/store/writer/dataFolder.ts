import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { codeOf, fileReason } from '../../../schemas/errors.js';

/** The data folder cannot be made or written by this user. The message has the fix. */
export class FolderUnusableError extends Error {
  readonly code = 'DATA_UNUSABLE';
}

/** What a gateway writes in its folder. Other files, such as lost+found, do not matter. */
const written = [
  ...['gateway.lock', 'gateway.json', 'admin.key', 'ballast', 'readings'],
  ...['log.db', 'tidegate.db'].flatMap((name) => [name, `${name}-wal`, `${name}-shm`]),
];

/** Makes the data folder if it does not exist, and checks that this user may write what is in it. Throws FolderUnusableError. */
export function prepareFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
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
}

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
