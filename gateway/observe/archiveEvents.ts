import type { Logger } from 'pino';
import { endsWith, type Fatal } from '../health/diskFailures.js';
import type { Sealed, UpkeepStep } from '../store/threads/archiving.js';
import type { Counters } from './counters.js';

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
