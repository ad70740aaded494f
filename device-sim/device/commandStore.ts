import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { CommandMemory, RememberedCommand } from '../../clients/js/core/command.js';

/** With more lines than this the file is rewritten with the last ids. */
const linesMax = 1_000;

/** A memory of commands that is synchronous and needs no list of forgotten ids. */
export interface FileStore extends CommandMemory {
  keep(entry: RememberedCommand): void;
}

/**
 * Remembers commands in an append log with one JSON line per entry, synced before `keep` returns. A line that a crash left
 * incomplete is cut off: the device did nothing because of it. A rewrite keeps the last `idsMax` ids.
 */
export function createFileStore(path: string, idsMax = 32): FileStore {
  const known = new Map<string, RememberedCommand>();
  let file: number | null = null;
  let lines = 0;

  function remember(entry: RememberedCommand): void {
    known.delete(entry.id);
    known.set(entry.id, entry);
    if (known.size > idsMax) known.delete(known.keys().next().value as string);
  }

  function open(): number {
    const isNew = !existsSync(path);
    const opened = openSync(path, 'a', 0o600);
    if (isNew) syncFolder();
    return opened;
  }

  /** A new file has its name on disk only after its folder was synced. */
  function syncFolder(): void {
    const folder = openSync(dirname(path), 'r');
    fsyncSync(folder);
    closeSync(folder);
  }

  function rewrite(): void {
    const fresh = openSync(`${path}.new`, 'w', 0o600);
    writeSync(fresh, Array.from(known.values(), lineOf).join(''));
    fsyncSync(fresh);
    closeSync(fresh);
    renameSync(`${path}.new`, path);
    syncFolder();
    if (file !== null) closeSync(file);
    file = openSync(path, 'a');
    lines = known.size;
  }

  return {
    load(): RememberedCommand[] {
      if (!existsSync(path)) return [];
      const text = readFileSync(path, 'utf8');
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      file = open();
      if (whole.length < text.length) ftruncateSync(file, Buffer.byteLength(whole));
      for (const line of whole.split('\n').slice(0, -1)) remember(JSON.parse(line) as RememberedCommand);
      lines = whole.split('\n').length - 1;
      return [...known.values()];
    },

    keep(entry: RememberedCommand): void {
      file ??= open();
      remember(entry);
      writeSync(file, lineOf(entry));
      fsyncSync(file);
      if (++lines > linesMax) rewrite();
    },
  };
}

const lineOf = (entry: RememberedCommand): string => `${JSON.stringify(entry)}\n`;
