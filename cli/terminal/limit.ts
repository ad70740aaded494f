import { Failure } from '../api/failure.js';

/** The value of --limit. Throws Failure. */
export function rowsLimit(text: string): number {
  const rows = Number(text);
  if (!Number.isSafeInteger(rows) || rows < 1)
    throw new Failure(64, `--limit ${text} is not valid. Write a whole number above 0`);
  return rows;
}
