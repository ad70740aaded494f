import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { codeOf, fileReason } from '../../../schemas/errors.js';
import { makeFolder } from '../../../schemas/makeFolder.js';
import { listDays } from '../dayFiles/days.js';

/** The data folder cannot be made or written by this user. The message has the fix. */
export class FolderUnusableError extends Error {
  readonly code = 'DATA_UNUSABLE';
}

/** A database of the data folder is gone, and what it held with it. The message says what that is, and how to start all the same. */
export class DataMissingError extends Error {
  readonly code = 'DATA_MISSING';
}

/** What is lost without the database, and what shows that it was there, beside day files: rows of the other one. */
const lost = {
  'log.db':
    'It has the acknowledged readings of the last minutes, the numbers up to which devices were acknowledged, latest values and rejected frames',
  'tidegate.db': 'It has the devices with their credentials, the operator keys, the commands and the audit',
} as const;
const witnesses = {
  'log.db': { file: 'tidegate.db', sql: 'SELECT 1 FROM devices LIMIT 1' },
  'tidegate.db': { file: 'log.db', sql: 'SELECT 1 FROM log UNION ALL SELECT 1 FROM series LIMIT 1' },
} as const;

/**
 * A start must not make an empty database in the place of one that was lost, because nobody would notice before the devices do. Throws
 * DataMissingError unless `startWithout` names the file.
 */
export function refuseMissing(folder: string, startWithout: readonly string[]): void {
  for (const name of ['log.db', 'tidegate.db'] as const) {
    const path = join(folder, name);
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (size !== undefined && size > 0) continue;
    const what = size === 0 ? 'has 0 bytes' : 'is missing';
    const wal = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    if (wal > 0)
      throw new DataMissingError(
        `${path} ${what}, but its write-ahead log is there. Restore both files, or move ${path}-wal away`,
      );
    if (startWithout.includes(name) || !(listDays(folder).length > 0 || hasRow(folder, witnesses[name]))) continue;
    throw new DataMissingError(
      `${path} ${what}, but the folder has data. ${lost[name]}. Restore the file from a backup. To give up what was in it, start once with --set store.startWithout=${name}`,
    );
  }
}

function hasRow(folder: string, { file, sql }: { file: string; sql: string }): boolean {
  try {
    const db = new Database(join(folder, file), { readonly: true, fileMustExist: true });
    try {
      return db.prepare(sql).get() !== undefined;
    } finally {
      db.close();
    }
  } catch {
    // It is missing too, or is refused by itself when it is opened.
    return false;
  }
}

/** What a gateway or a backup writes in its folder. */
const written = [
  ...['gateway.lock', 'gateway.json', 'running.json', 'admin.key', 'ballast', 'readings', 'backup.unfinished'],
  ...['archived.json', 'hash.key'],
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
