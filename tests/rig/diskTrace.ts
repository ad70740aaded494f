import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

/** What a process did to the files of a folder, and sent, in order. File names are relative to the folder. */
export type DiskOperation =
  | { call: 'create'; file: string; truncate: boolean }
  /** Without an offset it is at the end of the file. */
  | { call: 'write'; file: string; bytes: Buffer; offset: number | null }
  | { call: 'truncate'; file: string; length: number }
  /** Puts on disk what was done to the file by the first so many operations: those after the sync began are not in it. */
  | { call: 'sync'; file: string; covers: number }
  | { call: 'rename'; file: string; to: string }
  | { call: 'remove'; file: string }
  | { call: 'send'; text: string };

const openingCalls = 'open,openat,creat';
const changingCalls = 'pwrite64,write,writev,pwritev,ftruncate,fallocate,copy_file_range';
const otherCalls = 'fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,sendto,sendmsg';

/** Goes before a command, to trace it to the file. Strings are whole and in hex. */
export const diskTracer = (output: string): string[] => [
  ...['strace', '-f', '-qq', '-y', '-xx', '-s', '1000000', '--seccomp-bpf', '-o', output],
  ...['-e', `trace=${openingCalls},${changingCalls},${otherCalls}`],
];

const fromHex = (text: string): Buffer => Buffer.from(text.replaceAll('\\x', ''), 'hex');

/** The operations of a trace. Throws at a call that changes a file of the folder in a way that is not known here. */
export function readDiskTrace(output: string, folder: string): DiskOperation[] {
  const operations: DiskOperation[] = [];
  const unfinished = new Map<string, { start: string; covers: number }>();

  /** Null for files elsewhere, and for the shared memory of SQLite, which it makes anew. */
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
    } else throw new Error(`${call} of ${file} is not known here`);
  }

  for (const line of readFileSync(output, 'utf8').split('\n')) {
    const [, pid, rest] = /^(\d+) +(.*)$/s.exec(line) ?? [];
    if (pid === undefined) continue;
    // A peer may have what is sent before the call is over.
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

/** Bytes that grow and shrink as a file does. */
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
  at: number;
  bytes: Buffer;
  /** Where the bytes go; the new length where there are none. */
  offset: number;
}

interface TracedFile {
  onDisk: Content;
  unsynced: Change[];
  /** As the process sees it. */
  length: number;
}

/** What a disk writes whole or not at all. */
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
  /** The power goes before this operation. */
  at: number;
  /** Asked of each sector that was written and not synced, since the disk may have written any of them. */
  survives(): boolean;
  /** Syncs that are taken as not made. */
  withoutSyncs?: ReadonlySet<DiskOperation>;
}

/**
 * The files as a power cut leaves them: what was synced, and of the rest what survives. Names are taken as on the disk as
 * soon as they are made, changed or removed; seal.system.ts checks the syncs of the folders.
 */
export function filesAfterPowerCut(operations: DiskOperation[], cut: PowerCut): Map<string, Buffer> {
  const files = new Map<string, TracedFile>();
  for (const [at, operation] of operations.slice(0, cut.at).entries()) {
    if (operation.call === 'send') continue;
    if (operation.call === 'create' && !files.has(operation.file))
      files.set(operation.file, { onDisk: new Content(), unsynced: [], length: 0 });
    const file = files.get(operation.file);
    // A file that was removed while it was open.
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
 * The syncs of the write-ahead log of a database that SQLite would not make with synchronous=NORMAL: those of commits. It
 * would make the one before a checkpoint, which is followed by a write to the database, and the one of a new log's header.
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
