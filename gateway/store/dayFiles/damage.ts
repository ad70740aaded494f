import { codeOf } from '../../../schemas/errors.js';
import { dayText } from './days.js';

/** Something is wrong with the files of one day. The other days, and incoming readings, are not affected. */
export class DayFileError extends Error {
  readonly code = 'DAY_FILE';
  constructor(day: number, { message }: Error) {
    super(
      `the files of ${dayText(day)} cannot be kept up (${message}); tidegate doctor --all shows which one is damaged`,
    );
  }
}

/** Whether the error means that a file is damaged or cannot be read, so that trying again soon is useless. */
export const isDamage = (error: unknown): boolean =>
  /^SQLITE_(CORRUPT|NOTADB|CANTOPEN|IOERR_READ)/.test(codeOf(error) ?? '');
