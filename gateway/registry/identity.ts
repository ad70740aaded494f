import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, fileReason } from '../../schemas/errors.js';
import { StartError } from '../process/startError.js';
import { syncPath } from '../store/sqlite/syncPath.js';

/** Who the gateway of a data folder is, and on which host it ran last. */
export interface Identity {
  gatewayId: string;
  host: string;
}

/** `gateway.json` of the data folder has an Identity. A backup has a copy, so that a restored gateway is the same one. */
export const identityFile = 'gateway.json';

const idPattern = /^[A-Za-z0-9_-]{1,64}$/;

/** Docker names a container after the first 12 digits of its random id. */
const containerName = /^[0-9a-f]{12}$/;

/** The id that the data folder keeps; null if it keeps none, or if this user cannot read the folder. Throws StartError 78 if the file cannot be understood. */
export function keptIdentity(folder: string): Identity | null {
  const file = join(folder, identityFile);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    // Opening the folder refuses one that this user cannot read, before anything uses or keeps another id.
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(codeOf(error) ?? '')) return null;
    throw new StartError(78, `${file} cannot be read: ${fileReason(error)}. Restore it from a backup.`);
  }
  const kept = parsed(text);
  if (kept === null)
    throw new StartError(
      78,
      `${file} does not have the id of this gateway. Restore it from a backup, or write {"gatewayId":"…","host":""} into it with the id that the MQTT topics have.`,
    );
  return kept;
}

function parsed(text: string): Identity | null {
  try {
    const { gatewayId, host } = JSON.parse(text) as Partial<Identity>;
    return typeof gatewayId === 'string' && idPattern.test(gatewayId) && typeof host === 'string'
      ? { gatewayId, host }
      : null;
  } catch {
    return null;
  }
}

/**
 * The id for a folder that keeps none. It is the host name, which was every folder's id before ids were kept; but a new folder does not
 * get a name that a container or every machine has.
 */
export function firstId(folder: string, host: string): string {
  const name = host.replace(/[^A-Za-z0-9_-]/g, '-').slice(0, 64);
  const isOld = existsSync(join(folder, 'tidegate.db'));
  const says = name !== '' && !containerName.test(host) && !/^localhost\b/.test(host);
  if (name !== '' && (isOld || says)) return name;
  return `tidegate-${randomBytes(4).toString('hex')}`;
}

/** Keeps the identity in the data folder, on disk when it returns. Throws StartError 74 if it cannot be written. */
export function keepIdentity(folder: string, identity: Identity): void {
  const file = join(folder, identityFile);
  try {
    writeFileSync(`${file}.new`, `${JSON.stringify(identity)}\n`, { mode: 0o600 });
    syncPath(`${file}.new`);
    renameSync(`${file}.new`, file);
    syncPath(folder);
  } catch (error) {
    throw new StartError(74, `${file} cannot be written: ${fileReason(error)}.`);
  }
}
