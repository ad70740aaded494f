import { closeSync, fsyncSync, openSync } from 'node:fs';

/** fsync of a file or a folder. */
export function syncPath(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
