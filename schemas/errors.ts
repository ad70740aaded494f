/** The code of an error from Node, SQLite or a thread of the store (ENOENT, SQLITE_FULL, DATA_NEWER); null if it has none. */
export function codeOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

/** What was thrown as an Error: JavaScript may throw anything. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

const fileReasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'this user has no permission',
  EPERM: 'this user has no permission',
  EROFS: 'the file system is read-only',
  EEXIST: 'a file has this name',
  EISDIR: 'it is a folder',
  ENOTDIR: 'the path, or a part of it, is a file',
  ENOSPC: 'the disk is full',
  SQLITE_FULL: 'the disk is full',
};

/** Why a file or folder could not be used, for people and without the path. An error of another kind keeps its message. */
export function fileReason(error: unknown): string {
  return fileReasons[codeOf(error) ?? ''] ?? errorOf(error).message;
}
