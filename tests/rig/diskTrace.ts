import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

/** What a process did to a file of a folder, or sent over a socket. File names are relative to the folder. */
export type DiskOperation =
  | { call: 'create'; file: string; truncate: boolean }
  /** Offset null: the bytes go to the end of the file. */
  | { call: 'write'; file: string; bytes: Buffer; offset: number | null }
  | { call: 'truncate'; file: string; length: number }
  /** Puts on disk what the first `covers` operations did to the file. Operations after the sync began are not covered. */
  | { call: 'sync'; file: string; covers: number }
  | { call: 'rename'; file: string; to: string }
  | { call: 'remove'; file: string }
  | { call: 'send'; text: string };

const openingCalls = 'open,openat,creat';
const changingCalls = 'pwrite64,write,writev,pwritev,ftruncate,fallocate,copy_file_range';
const otherCalls = 'fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,sendto,sendmsg';

/** The words before a command that trace it to the file `output`. Strings are complete and in hex. */
export const diskTracer = (output: string): string[] => [
  ...['strace', '-f', '-qq', '-y', '-xx', '-s', '1000000', '--seccomp-bpf', '-o', output],
  ...['-e', `trace=${openingCalls},${changingCalls},${otherCalls}`],
];

const fromHex = (text: string): Buffer => Buffer.from(text.replaceAll('\\x', ''), 'hex');

/** Reads the operations of a trace. Throws at a call that changes a file of the folder in a way that this function does not know. */
export function readDiskTrace(output: string, folder: string): DiskOperation[] {
  const operations: DiskOperation[] = [];
  const unfinished = new Map<string, { start: string; covers: number }>();

  /** Null for files outside the folder, and for the shared memory of SQLite, which SQLite rebuilds. */
  function nameOf(hex: string): string | null {
    const path = fromHex(hex).toString();
    return path.startsWith(`${folder}/`) && !path.endsWith('-shm') ? relative(folder, path) : null;
  }

  function add(call: string, args: string, result: number, covers: number): void {
    if (call === 'openat' || call === 'open') {
      const [, path, flags] = /"([^"]*)", ([A-Z_|]+)/.exec(args) ?? [];
      const file = path === undefined ? null : nameOf(path);
      if (file !== null && flags.includes('O_CREAT'))
        operations.push({ call: 'create', file, truncate: flags.includes('O_TRUNC') });
      return;
    }
    if (call.startsWith('rename') || call.startsWith('unlink')) {
      const [file = null, to = null] = [...args.matchAll(/"([^"]*)"/g)].map(([, path]) => nameOf(path));
      if (file !== null && to !== null) operations.push({ call: 'rename', file, to });
      else if (file !== null && call.startsWith('unlink')) operations.push({ call: 'remove', file });
      return;
    }
    const [, path] = /^\d+<([^>]*)>/.exec(args) ?? [];
    const file = path === undefined ? null : nameOf(path);
    if (file === null) return;
    if (call === 'fsync' || call === 'fdatasync') {
      operations.push({ call: 'sync', file, covers });
    } else if (call === 'ftruncate') {
      operations.push({ call: 'truncate', file, length: Number(/, (\d+)$/.exec(args)?.[1]) });
    } else if (call === 'pwrite64' || call === 'write') {
      const [, bytes, offset] = /, "([^"]*)", \d+(?:, (\d+))?$/.exec(args) as RegExpExecArray;
      operations.push({
        call: 'write',
        file,
        bytes: fromHex(bytes).subarray(0, result),
        offset: offset === undefined ? null : Number(offset),
      });
    } else throw new Error(`the trace has ${call} of ${file}, which readDiskTrace does not know: add it`);
  }

  for (const line of readFileSync(output, 'utf8').split('\n')) {
    const [, pid, rest] = /^(\d+) +(.*)$/s.exec(line) ?? [];
    if (pid === undefined) continue;
    // A peer may receive what is sent before the call returns.
    const [, to, sent] = /^(?:sendto|sendmsg|write|writev)\(\d+<([^>]*)>, [^"]*"([^"]*)"/.exec(rest) ?? [];
    if (sent !== undefined && fromHex(to).toString().startsWith('socket:'))
      operations.push({ call: 'send', text: fromHex(sent).toString('latin1') });
    if (rest.endsWith(' <unfinished ...>')) {
      unfinished.set(pid, { start: rest.slice(0, -' <unfinished ...>'.length), covers: operations.length });
      continue;
    }
    const [, resumed] = /^<\.\.\. \w+ resumed>(.*)$/s.exec(rest) ?? [];
    const begun = resumed === undefined ? undefined : unfinished.get(pid);
    const whole = begun === undefined ? rest : begun.start + resumed;
    const [, call, args, result] = /^(\w+)\((.*)\) += (-?\d+)/s.exec(whole) ?? [];
    if (call !== undefined && Number(result) >= 0) add(call, args, Number(result), begun?.covers ?? operations.length);
  }
  return operations;
}

/** The bytes of a file, which grow and shrink with its writes and truncations. */
class Content {
  #bytes = Buffer.alloc(65_536);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  write(bytes: Buffer, offset: number): void {
    const end = offset + bytes.length;
    if (end > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(end)]);
    bytes.copy(this.#bytes, offset);
    this.#length = Math.max(this.#length, end);
  }

  truncate(length: number): void {
    if (length > this.#length) this.write(Buffer.alloc(length - this.#length), this.#length);
    this.#bytes.fill(0, length, this.#length);
    this.#length = length;
  }
}

interface Change {
  /** The index of its operation. */
  at: number;
  /** The written bytes; empty for a truncation. */
  bytes: Buffer;
  /** Where the bytes go; for a truncation the new length. */
  offset: number;
}

interface TracedFile {
  onDisk: Content;
  unsynced: Change[];
  /** The length that the process sees. */
  length: number;
}

/** A disk writes a sector completely or not at all. */
const sectorBytes = 512;

function put(content: Content, { bytes, offset }: Change, survives: () => boolean): void {
  if (bytes.length === 0) {
    if (survives()) content.truncate(offset);
    return;
  }
  for (let from = 0; from < bytes.length; from += sectorBytes)
    if (survives()) content.write(bytes.subarray(from, from + sectorBytes), offset + from);
}

export interface PowerCut {
  /** The index of the first operation that does not happen. */
  at: number;
  /** Called for each sector that was written and not synced, because the disk may have written any of them. */
  survives(): boolean;
  /** Syncs that are ignored. */
  withoutSyncs?: ReadonlySet<DiskOperation>;
}

/**
 * The files as a power cut leaves them: everything that was synced, and the unsynced sectors that survive. A file that is created, renamed
 * or removed counts as on disk at once; seal.system.ts checks the syncs of the folders.
 */
export function filesAfterPowerCut(operations: DiskOperation[], cut: PowerCut): Map<string, Buffer> {
  const files = new Map<string, TracedFile>();
  for (const [at, operation] of operations.slice(0, cut.at).entries()) {
    if (operation.call === 'send') continue;
    if (operation.call === 'create' && !files.has(operation.file))
      files.set(operation.file, { onDisk: new Content(), unsynced: [], length: 0 });
    const file = files.get(operation.file);
    // The file was removed while it was open.
    if (file === undefined) continue;
    if (operation.call === 'remove') files.delete(operation.file);
    if (operation.call === 'rename') {
      files.delete(operation.file);
      files.set(operation.to, file);
    }
    if (operation.call === 'truncate' || (operation.call === 'create' && operation.truncate)) {
      file.length = operation.call === 'truncate' ? operation.length : 0;
      file.unsynced.push({ at, bytes: Buffer.alloc(0), offset: file.length });
    }
    if (operation.call === 'write') {
      const offset = operation.offset ?? file.length;
      file.length = Math.max(file.length, offset + operation.bytes.length);
      file.unsynced.push({ at, bytes: operation.bytes, offset });
    }
    if (operation.call === 'sync' && cut.withoutSyncs?.has(operation) !== true) {
      const synced = file.unsynced.findIndex((change) => change.at >= operation.covers);
      for (const change of file.unsynced.splice(0, synced === -1 ? file.unsynced.length : synced))
        put(file.onDisk, change, () => true);
    }
  }
  return new Map(
    [...files].map(([name, { onDisk, unsynced }]) => {
      for (const change of unsynced) put(onDisk, change, cut.survives);
      return [name, onDisk.bytes];
    }),
  );
}

const walHeaderBytes = 32;

/**
 * The syncs of a database's write-ahead log that SQLite would skip with synchronous=NORMAL: the syncs of commits. With NORMAL it still
 * syncs before a checkpoint, which then writes to the database, and after it wrote the header of a new write-ahead log.
 */
export function commitSyncs(operations: DiskOperation[], database: string): Set<DiskOperation> {
  const wal = `${database}-wal`;
  const own = operations.filter(
    (operation) => operation.call !== 'send' && (operation.file === database || operation.file === wal),
  );
  return new Set(
    own.filter((operation, i) => {
      if (operation.call !== 'sync' || operation.file !== wal) return false;
      const [before, after] = [own[i - 1], own[i + 1]];
      const ofHeader = before?.call === 'write' && before.offset === 0 && before.bytes.length === walHeaderBytes;
      const ofCheckpoint = after?.call === 'write' && after.file === database;
      return !ofHeader && !ofCheckpoint;
    }),
  );
}
