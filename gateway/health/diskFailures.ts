import type { Logger } from 'pino';

/** After an error of these a retry could lose what was acknowledged: the process ends and the next one replays the log. */
const fatalCodes = new Set(['SQLITE_IOERR_FSYNC', 'SQLITE_IOERR_DIR_FSYNC', 'SQLITE_CORRUPT', 'SQLITE_NOTADB']);

export type Fatal = (error: Error, exitCode: number) => void;

/** Ends the process where the disk failed in a way that is not to be tried again. False: it is another error. */
/** The write was wrong, not the store: the row breaks a rule of its table. */
export const isRefusedRow = (code: string | null | undefined): boolean =>
  code?.startsWith('SQLITE_CONSTRAINT') ?? false;

export function endsWith(error: Error & { code?: string | null }, log: Logger, fatal: Fatal): boolean {
  if (!fatalCodes.has(error.code ?? '')) return false;
  log.fatal(
    { err: error, code: error.code },
    'the disk failed under the store; ending, so that a restart replays what is safe',
  );
  fatal(error, 74);
  return true;
}
