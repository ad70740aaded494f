/** The code of an error from Node, SQLite or a thread of the store (ENOENT, SQLITE_FULL, DATA_NEWER); null if it has none. */
export function codeOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

/** What was thrown as an Error: JavaScript may throw anything. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
