import { rmSync } from 'node:fs';
import { Cron } from 'croner';
import type { Logger } from 'pino';
import { errorOf } from '../../schemas/errors.js';
import type { Clock } from '../process/clock.js';
import {
  listBackups,
  makeBackupFolder,
  nameAt,
  removeBackup,
  type StoredBackup,
  writeReceipt,
} from './backupFolder.js';
import type { Job, Jobs } from './jobs.js';

/** How backups are made by themselves. */
export interface BackupSettings {
  /** A cron expression; undefined: never by time. */
  schedule?: string;
  /** The folder of the backups; undefined: none is made here. */
  folder?: string;
  /** How many backups stay. */
  keep: number;
  /** The time zone of the schedule. */
  timeZone: string;
}

/** What operators see of the backups in backup.folder. Times in Unix ms. */
export interface BackupReport {
  schedule: string | null;
  timeZone: string;
  folder: string | null;
  keep: number;
  /** When the next one begins; null: there is no schedule. */
  nextAt: number | null;
  /** The last one that failed, if none was complete since; null: it did not fail. */
  failed: { at: number; error: string } | null;
  /** Failures since the start. */
  failures: number;
  /** Newest first. */
  items: StoredBackup[];
}

export interface ScheduledBackups {
  report(): BackupReport;
  /** Begins a backup in backup.folder, with a name made of the time. Throws if none is configured or the folder cannot be made. */
  start(): Job;
  /** Begins the backup that is due. To be called each second. */
  tick(): void;
  /** Seconds since the last complete backup, or since the start if there is none; 0 without backup.folder. */
  ageSeconds(): number;
  failures(): number;
}

export interface ScheduledBackupsOptions {
  clock: Clock;
  log: Logger;
  gatewayId: string;
  settings: BackupSettings;
  jobs: Pick<Jobs, 'backUp'>;
}

/**
 * Backups by a schedule. A time that passes while the gateway is down, or while the backup before still runs, is left out. After
 * each complete backup the oldest ones beyond `keep` are removed, if they are certainly backups of this gateway.
 */
export function createScheduledBackups(options: ScheduledBackupsOptions): ScheduledBackups {
  const { clock, log, gatewayId, settings, jobs } = options;
  const { schedule, folder: parent, keep, timeZone } = settings;
  const cron = schedule === undefined ? null : new Cron(schedule, { timezone: timeZone });
  const after = (at: number): number | null => cron?.nextRun(new Date(at))?.getTime() ?? null;
  const startedAt = clock.now();
  let nextAt = after(startedAt);
  let tickedAt = startedAt;
  let running: Job | null = null;
  let failed: BackupReport['failed'] = null;
  let failures = 0;
  let lastAt = parent === undefined ? undefined : listBackups(parent, gatewayId).at(-1)?.at;

  function start(): Job {
    if (parent === undefined) throw new Error('backup.folder is not set');
    const at = clock.now();
    const folder = makeBackupFolder(parent, at);
    const job = jobs.backUp(folder, (error) => {
      if (running === job) running = null;
      if (error === null) return complete(job, at, parent);
      // Made by makeBackupFolder above, so nothing of anyone else is in it.
      rmSync(folder, { recursive: true, force: true });
      fail(at, error);
    });
    running = job;
    return job;
  }

  function complete({ subject, filesDone: files, bytes }: Job, at: number, folder: string): void {
    try {
      writeReceipt(subject, { gatewayId, name: nameAt(at), at, files, bytes });
    } catch (error) {
      return fail(at, errorOf(error));
    }
    lastAt = at;
    failed = null;
    for (const old of listBackups(folder, gatewayId).slice(0, -keep)) {
      try {
        removeBackup(old);
        log.info({ folder: old.folder }, 'an old backup was removed');
      } catch (error) {
        log.warn({ err: error, folder: old.folder }, 'an old backup was not removed');
      }
    }
  }

  function fail(at: number, error: Error): void {
    failures++;
    failed = { at, error: error.message };
    log.error({ err: error, folder: parent }, 'a backup failed; the next one is made at its time');
  }

  return {
    start,
    tick() {
      const now = clock.now();
      // If the clock has gone back, the next time is an earlier one.
      if (now < tickedAt) nextAt = after(now);
      tickedAt = now;
      if (nextAt === null || now < nextAt) return;
      nextAt = after(now);
      if (running !== null) {
        log.warn({ job: running.id }, 'a scheduled backup is left out, because the one before still runs');
        return;
      }
      try {
        start();
      } catch (error) {
        fail(now, errorOf(error));
      }
    },
    report: () => ({
      schedule: schedule ?? null,
      timeZone,
      folder: parent ?? null,
      keep,
      nextAt,
      failed,
      failures,
      items: parent === undefined ? [] : listBackups(parent, gatewayId).reverse(),
    }),
    ageSeconds: () => (parent === undefined ? 0 : Math.max(0, (clock.now() - (lastAt ?? startedAt)) / 1000)),
    failures: () => failures,
  };
}
