import type { Logger } from 'pino';
import type { Sealed, UpkeepStep } from '../store/threads/calls.js';
import type { Counters } from './counters.js';

/** After an error of these a retry could lose what was acknowledged: the process ends and the next one replays the log. */
const fatalCodes = new Set(['SQLITE_IOERR_FSYNC', 'SQLITE_IOERR_DIR_FSYNC', 'SQLITE_CORRUPT', 'SQLITE_NOTADB']);

type Fatal = (error: Error, exitCode: number) => void;

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

/** Counts and logs what the archiver does. */
export function createArchiveEvents({ counters, log, fatal }: { counters: Counters; log: Logger; fatal: Fatal }) {
  return {
    sealed(sealed: Omit<Sealed, 'fold'>): void {
      counters.seals++;
      counters.sealSeconds += (sealed.ms - sealed.restedMs) / 1000;
      counters.readingsSealed += sealed.readings - sealed.repeated;
      counters.readingsRepeated += sealed.repeated;
      log.debug(sealed, 'log sealed');
    },
    worked({ task, day, ms, done }: UpkeepStep): void {
      counters.upkeepSeconds[task] = (counters.upkeepSeconds[task] ?? 0) + ms / 1000;
      if (done) log.info({ task, day }, task === 'expire' ? 'a day left for its age' : 'day file kept up');
    },
    failed(error: Error & { code?: string | null }, what: string): void {
      counters.sealFailures++;
      if (!endsWith(error, log, fatal))
        log.error({ err: error, code: error.code }, `${what} failed; it is tried again`);
    },
  };
}
