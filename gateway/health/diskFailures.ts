import type { Logger } from 'pino';

/** After one of these errors a retry could lose acknowledged readings. The process ends, and the next one replays the log. */
const fatalCodes = new Set(['SQLITE_IOERR_FSYNC', 'SQLITE_IOERR_DIR_FSYNC', 'SQLITE_CORRUPT', 'SQLITE_NOTADB']);

/** Ends the process with an exit code. */
export type Fatal = (error: Error, exitCode: number) => void;

/** Whether the row that was written breaks a rule of its table: the row is at fault, not the store. */
export const isRefusedRow = (code: string | null | undefined): boolean =>
  code?.startsWith('SQLITE_CONSTRAINT') ?? false;

/** Ends the process if the disk failed in a way that must not be retried. Returns false for any other error. */
export function endsWith(error: Error & { code?: string | null }, log: Logger, fatal: Fatal): boolean {
  if (!fatalCodes.has(error.code ?? '')) return false;
  log.fatal(
    { err: error, code: error.code },
    'the disk failed under the store; ending, so that a restart replays what is safe',
  );
  fatal(error, 74);
  return true;
}
