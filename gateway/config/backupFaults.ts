import { isAbsolute, relative, resolve } from 'node:path';
import { Cron } from 'croner';
import type { BackupConfig } from '../../schemas/generated/config.js';

/** What is wrong with the settings of backups that the schema cannot check, as sentences. */
export function backupFaults({ schedule, folder, timeZone = 'UTC' }: BackupConfig, data: string): string[] {
  const faults = folderFaults('backup.folder', folder, data);
  if (schedule === undefined) return faults;
  if (folder === undefined) faults.push('backup.schedule: needs backup.folder, the folder that the backups go into');
  try {
    const next = new Cron(schedule, { timezone: timeZone }).nextRun();
    if (next === null) faults.push(`backup.schedule: "${schedule}" has no next time`);
  } catch (error) {
    faults.push(
      isZone(timeZone)
        ? `backup.schedule: "${schedule}" is no cron expression, such as "30 3 * * *" for 03:30 each day (${(error as Error).message})`
        : `backup.timeZone: "${timeZone}" is no time zone, such as UTC or Europe/Berlin`,
    );
  }
  return faults;
}

/** What is wrong with a folder that the gateway writes copies into; `key` is the name of its setting. */
export function folderFaults(key: string, folder: string | undefined, data: string): string[] {
  if (folder === undefined) return [];
  if (!isAbsolute(folder)) return [`${key}: "${folder}" must be an absolute path`];
  if (!isInside(folder, data)) return [];
  return [`${key}: "${folder}" is inside the data folder; choose another disk, or at least another folder`];
}

function isInside(folder: string, data: string): boolean {
  const way = relative(resolve(data), resolve(folder));
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
