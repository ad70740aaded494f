import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Change, Storage } from './storage.js';

/** Changes that may be outdated before the file is rewritten. */
const staleMax = 10_000;

/**
 * Keeps everything in one file, for Node. Each write appends one line with its changes and syncs the file. A line that a power cut
 * left incomplete is ignored. One process at a time may use the file. Throws if the file cannot be read or written.
 */
export function fileStorage(path: string): Storage {
  const texts = new Map<string, string>();
  mkdirSync(dirname(path), { recursive: true });
  for (const line of linesOf(path)) apply(line);
  let file = rewrite();
  let stale = 0;

  function apply(changes: readonly Change[]): void {
    for (const { key, text } of changes) text === null ? texts.delete(key) : texts.set(key, text);
  }

  /** Writes a new file with what is in memory. The old file stays until the rename, so a power cut leaves one of the two whole. */
  function rewrite(): number {
    const fresh = openSync(`${path}.new`, 'w', 0o600);
    const all = [...texts].map(([key, text]): Change => ({ key, text }));
    append(fresh, all);
    renameSync(`${path}.new`, path);
    syncFolder(dirname(path));
    return fresh;
  }

  return {
    load: async () => new Map(texts),
    async write(changes) {
      apply(changes);
      append(file, changes);
      stale += changes.length;
      if (stale < staleMax + texts.size) return;
      closeSync(file);
      file = rewrite();
      stale = 0;
    },
  };
}

function append(file: number, changes: readonly Change[]): void {
  const line = Buffer.from(`${JSON.stringify(changes)}\n`);
  for (let written = 0; written < line.length; ) written += writeSync(file, line, written);
  fsyncSync(file);
}

function linesOf(path: string): Change[][] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Change[]];
      } catch {
        return [];
      }
    });
}

/** A renamed file has its new name on disk only after its folder was synced. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  fsyncSync(folder);
  closeSync(folder);
}
