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
import type { CommandUpdate } from './command.js';

/** What a device knows of a command. */
export interface KeptCommand {
  id: string;
  /** The final word; null: it was begun, and nothing is known of its end. */
  outcome: CommandUpdate | null;
}

/** Where a device writes its commands down (PROTOCOL.md, C-8). */
export interface CommandStore {
  /** What was kept, the oldest first. Called once, before anything is kept. */
  load(): KeptCommand[];
  /** It must survive a power cut once this returns. Throws where it cannot be written. */
  keep(entry: KeptCommand): void;
}

/** For a device that may forget with its power. */
export const createMemoryStore = (): CommandStore => ({ load: () => [], keep: () => {} });

/** Lines in the file beyond which it is written anew with the last few ids. */
const linesMax = 1_000;

/**
 * An append log, a JSON line an entry, fsynced before `keep` returns. A line that a crash left torn is cut off: nothing was
 * done on its account. `idsMax` ids are kept when the file is written anew.
 */
export function createFileStore(path: string, idsMax = 32): CommandStore {
  const known = new Map<string, KeptCommand>();
  let file: number | null = null;
  let lines = 0;

  function remember(entry: KeptCommand): void {
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

  /** A name is as durable as the folder that holds it. */
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
    load(): KeptCommand[] {
      if (!existsSync(path)) return [];
      const text = readFileSync(path, 'utf8');
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      file = open();
      if (whole.length < text.length) ftruncateSync(file, Buffer.byteLength(whole));
      for (const line of whole.split('\n').slice(0, -1)) remember(JSON.parse(line) as KeptCommand);
      lines = whole.split('\n').length - 1;
      return [...known.values()];
    },

    keep(entry: KeptCommand): void {
      file ??= open();
      remember(entry);
      writeSync(file, lineOf(entry));
      fsyncSync(file);
      if (++lines > linesMax) rewrite();
    },
  };
}

const lineOf = (entry: KeptCommand): string => `${JSON.stringify(entry)}\n`;
