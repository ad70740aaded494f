import type { Logger } from 'pino';
import type { DamagedDay } from '../domain/storedFiles.js';
import { endsWith, type Fatal } from '../health/diskFailures.js';
import type { Sealed, UpkeepStep } from '../store/threads/archiving.js';
import type { Counters } from './counters.js';

/** Counts and logs what the archiver does. */
export function createArchiveEvents({ counters, log, fatal }: { counters: Counters; log: Logger; fatal: Fatal }) {
  let known: DamagedDay[] = [];
  return {
    /** Logs which days cannot be used since the last call, and which can be used again. */
    damaged(days: DamagedDay[]): void {
      for (const { day, file, fault, waiting } of days)
        if (!known.some((before) => before.day === day && before.fault === fault))
          log.error(
            { day, file, fault, waiting },
            `a file of ${day} cannot be used; new readings of the day wait in readings/${day}.aside.db, all else goes on; restore ${file} from a backup, which the gateway notices by itself`,
          );
      for (const { day } of known)
        if (!days.some((now) => now.day === day)) log.info({ day }, `the files of ${day} can be used again`);
      known = days;
    },
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
