import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../schemas/makeFolder.js';

/** A backup in backup.folder that this gateway made. */
export interface StoredBackup {
  /** The name of its folder. */
  name: string;
  /** The absolute path of its folder. */
  folder: string;
  /** The time at which it was begun, in Unix ms. */
  at: number;
  files: number;
  bytes: number;
}

const backupName = /^tidegate-\d{8}T\d{6}Z$/;
/** The file in a backup that says which gateway made it. It is written last. */
const receiptName = 'backup.json';
const topNames = new Set([receiptName, 'log.db', 'tidegate.db', 'admin.key', 'hash.key', 'gateway.json', 'readings']);
const dayName = /^\d{4}-\d{2}-\d{2}(\.late|\.rollup)?\.db$/;

interface Receipt {
  gatewayId: string;
  name: string;
  at: number;
  files: number;
  bytes: number;
}

/** The name of a backup that is begun at this time, with the time in UTC. */
export const nameAt = (at: number): string =>
  `tidegate-${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;

/** Makes the folder for a backup. Throws if there is anything of that name, so that no folder is written into that somebody else made. */
export function makeBackupFolder(parent: string, at: number): string {
  makeFolder(parent);
  const folder = join(parent, nameAt(at));
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}

/** Notes in a complete backup which gateway made it. */
export function writeReceipt(folder: string, receipt: Receipt): void {
  writeFileSync(join(folder, receiptName), `${JSON.stringify(receipt)}\n`, { mode: 0o600, flush: true });
}

/** The complete backups in this folder that this gateway made, oldest first. */
export function listBackups(parent: string, gatewayId: string): StoredBackup[] {
  return namesIn(parent)
    .flatMap((name): StoredBackup[] => {
      const receipt = backupName.test(name) ? readReceipt(join(parent, name)) : null;
      if (receipt === null || receipt.gatewayId !== gatewayId || receipt.name !== name) return [];
      const { at, files, bytes } = receipt;
      return [{ name, folder: join(parent, name), at, files, bytes }];
    })
    .sort((a, b) => a.at - b.at);
}

/**
 * Removes a backup. Throws if its folder is a link, or has anything that a backup does not have: then somebody uses it, or a gateway
 * was started on it.
 */
export function removeBackup({ folder }: StoredBackup): void {
  const strange = strangeIn(folder);
  if (strange !== null) throw new Error(`${folder} is kept, because it has ${strange}, which is not of a backup`);
  rmSync(folder, { recursive: true });
}

function strangeIn(folder: string): string | null {
  if (!lstatSync(folder).isDirectory()) return 'a link in its place';
  const readings = join(folder, 'readings');
  for (const name of readdirSync(folder)) if (!topNames.has(name)) return name;
  if (lstatSync(readings, { throwIfNoEntry: false })?.isDirectory() === false) return 'a link named readings';
  for (const name of namesIn(readings)) if (!dayName.test(name)) return `readings/${name}`;
  return null;
}

function readReceipt(folder: string): Receipt | null {
  try {
    const { gatewayId, name, at, files, bytes } = JSON.parse(readFileSync(join(folder, receiptName), 'utf8'));
    const numbers = [at, files, bytes];
    return typeof gatewayId === 'string' && typeof name === 'string' && numbers.every(Number.isSafeInteger)
      ? { gatewayId, name, at, files, bytes }
      : null;
  } catch {
    return null;
  }
}

/** Empty if the folder cannot be read. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
