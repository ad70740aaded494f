import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it, with this mode (octal, 0700 if absent), or does nothing if the folder exists. Throws the error of
 * the system. Node's own recursive mkdir never ends where the system lets nobody make a folder, such as in /proc.
 */
export function makeFolder(folder: string, mode = 0o700): void {
  if (existsSync(folder) && statSync(folder).isDirectory()) return;
  if (!existsSync(dirname(folder))) makeFolder(dirname(folder), mode);
  mkdirSync(folder, { mode });
}
