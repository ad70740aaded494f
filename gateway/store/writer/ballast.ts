import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A file that only takes up space. On a full disk SQLite can neither checkpoint nor delete, so this file is removed first, and
 * ingest resumes only after it was written again.
 */
export interface Ballast {
  drop(): void;
  /** True if the ballast is in place, false if there is no room for it. */
  restore(): boolean;
}

export function createBallast(folder: string, bytes: number): Ballast {
  const file = join(folder, 'ballast');
  const spareBytes = 4 * 1024 * 1024;

  function isWhole(): boolean {
    return bytes === 0 || (statSync(file, { throwIfNoEntry: false })?.size ?? 0) >= bytes;
  }

  return {
    drop() {
      rmSync(file, { force: true });
    },
    restore() {
      if (isWhole()) return true;
      if (freeBytes(folder) < bytes + spareBytes) return false;
      try {
        writeZeros(file, bytes);
        return true;
      } catch {
        rmSync(file, { force: true });
        return false;
      }
    },
  };
}

function writeZeros(file: string, bytes: number): void {
  const chunk = new Uint8Array(Math.min(bytes, 1024 * 1024));
  const handle = openSync(file, 'w');
  try {
    for (let left = bytes; left > 0; left -= chunk.length) writeSync(handle, chunk, 0, Math.min(left, chunk.length));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** The number of bytes that this user may still write in the file system of `folder`. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
