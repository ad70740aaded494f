import { dayText } from './days.js';

/** Something is wrong with the files of one day; the others, and all that comes in, are not concerned. */
export class DayFileError extends Error {
  readonly code = 'DAY_FILE';
  constructor(day: number, { message }: Error) {
    super(
      `the files of ${dayText(day)} cannot be kept up (${message}); tidegate doctor --all tells which one is damaged`,
    );
  }
}

export const isDamage = (error: Error & { code?: string }): boolean =>
  /^SQLITE_(CORRUPT|NOTADB|CANTOPEN|IOERR_READ)/.test(error.code ?? '');
