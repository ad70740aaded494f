import { codeOf } from '../../../schemas/errors.js';
import { dayText } from './days.js';

/** A file of one day is damaged. The other days and incoming readings are not affected. */
export class DayFileError extends Error {
  readonly code = 'DAY_FILE';
  constructor(day: number, { message }: Error) {
    super(`the files of ${dayText(day)} cannot be used (${message}); tidegate doctor --all shows which one is damaged`);
  }
}

/** Whether the error means that a file is damaged or cannot be read. Then a retry soon after is useless. */
export const isDamage = (error: unknown): boolean =>
  /^SQLITE_(CORRUPT|NOTADB|CANTOPEN|IOERR_READ)/.test(codeOf(error) ?? '');
