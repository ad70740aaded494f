import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Change, Storage } from './storage.js';

/** Lines that stand for nothing any more before the file is written anew. */
const staleMax = 10_000;

/**
 * For Node: one file, to which each write appends a line of its changes and syncs it. A line that a power cut left unfinished
 * is none. One process at a time.
 */
export function fileStorage(path: string): Storage {
  const texts = new Map<string, string>();
  mkdirSync(dirname(path), { recursive: true });
  for (const line of linesOf(path)) apply(line);
  let file = writeAnew();
  let stale = 0;

  function apply(changes: readonly Change[]): void {
    for (const { key, text } of changes) text === null ? texts.delete(key) : texts.set(key, text);
  }

  /** What is in the file afterwards is what is in memory, whole or not at all: the old one stands until the rename. */
  function writeAnew(): number {
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
      file = writeAnew();
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

/** A renamed file is where it should be only once its folder is on disk. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  fsyncSync(folder);
  closeSync(folder);
}
