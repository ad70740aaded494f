import { basename } from 'node:path';
import { codeOf, errorOf } from '../../../schemas/errors.js';
import { dayText } from './days.js';

/** A file of one day cannot be used. The other days and incoming readings are not affected. */
export class DayFileError extends Error {
  readonly code = 'DAY_FILE';
  /** `readings/YYYY-MM-DD.db`: the file below the data folder, as far as it is known which one it is. */
  readonly file: string;
  /** What is wrong with it. */
  readonly fault: string;
  constructor(day: number, error: unknown) {
    const file = `readings/${basename(pathIn(error) ?? `${dayText(day)}.db`)}`;
    const { message } = errorOf(error);
    super(`The file ${file} cannot be used: ${message}`);
    this.file = file;
    this.fault = message;
  }
}

/** What has the name of a day file is none, or the file is missing. */
export class NoDayFileError extends Error {
  readonly code = 'DAY_NONE';
  constructor(
    readonly path: string,
    message: string,
  ) {
    super(message);
  }
}

/** Runs `use`, and notes in an error which file was used. */
export function inFile<Result>(path: string, use: () => Result): Result {
  try {
    return use();
  } catch (error) {
    if (error instanceof Error && pathIn(error) === null) Object.assign(error, { path });
    throw error;
  }
}

/** The file that `inFile` noted in the error, or null. */
function pathIn(error: unknown): string | null {
  const path = error instanceof Error && 'path' in error ? error.path : null;
  return typeof path === 'string' ? path : null;
}

/** Whether the error means that a file is damaged, is no day file, or cannot be read. Then a retry soon after is useless. */
export const isDamage = (error: unknown): boolean =>
  /^(SQLITE_(CORRUPT|NOTADB|CANTOPEN|READONLY|IOERR_(READ|SHORT_READ|CORRUPTFS))|DAY_NONE$|DAY_FILE$)/.test(
    codeOf(error) ?? '',
  ) || lacksTables(error);

/** The tables of a day file are not there, or are others. */
const lacksTables = (error: unknown): boolean =>
  codeOf(error) === 'SQLITE_ERROR' && /^no such (table|column)/.test(errorOf(error).message);

/** Whether the error comes from the disk or the process, so that another file would have it too. */
export const isOfDisk = (error: unknown): boolean =>
  /^(SQLITE_(FULL|NOMEM|IOERR(?!_(SHORT_READ|CORRUPTFS)))|EIO$|ENOSPC$|EDQUOT$|EROFS$|EMFILE$|ENFILE$|ENOMEM$)/.test(
    codeOf(error) ?? '',
  );
