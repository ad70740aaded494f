import { Cron } from 'croner';
import { runningOn } from '../../device-sim/api/running.js';
import { listBackups } from '../../gateway/operations/backupFolder.js';
import { keptIdentity } from '../../gateway/registry/identity.js';
import type { Finding } from '../../gateway/store/outside/inspect.js';
import { countOf } from '../../schemas/display/numbers.js';
import { ageText } from '../../schemas/display/times.js';
import type { BackupPage } from '../../schemas/generated/operator.js';
import { createApiClient } from '../api/apiClient.js';
import { configFrom } from '../serving/configFrom.js';
import type { ConfigOptions } from '../serving/configOptions.js';
import { timeText } from '../terminal/output.js';

const name = 'backups';

type Report = Pick<BackupPage, 'schedule' | 'timeZone' | 'folder' | 'failed'> & {
  items: Pick<BackupPage['items'][number], 'name' | 'at'>[];
};

/** Whether backups are made. A gateway without a schedule is not at fault: somebody may make them by hand, or copy the disk. */
export async function checkBackups(options: ConfigOptions & { data: string }, now: number): Promise<Finding> {
  try {
    return findingOf(await reportOf(options), now);
  } catch (error) {
    if (!(error instanceof Error && 'exitCode' in error)) throw error;
    return { name, state: 'warn', detail: `not known: ${error.message.trim()}` };
  }
}

/** From the gateway that runs on the folder, else from the configuration, which knows nothing of failures. Throws Failure, ConfigError. */
async function reportOf(options: ConfigOptions & { data: string }): Promise<Report> {
  const running = runningOn(options.data);
  if (running !== null) {
    const api = createApiClient({ data: options.data, url: running.operatorUrl });
    return await api.request<BackupPage>('GET', '/v1/backups');
  }
  const { backup } = configFrom(options);
  const id = keptIdentity(options.data)?.gatewayId;
  const items = backup.folder === undefined || id === undefined ? [] : listBackups(backup.folder, id).reverse();
  return {
    schedule: backup.schedule ?? null,
    timeZone: backup.timeZone,
    folder: backup.folder ?? null,
    failed: null,
    items,
  };
}

function findingOf({ schedule, timeZone, folder, failed, items }: Report, now: number): Finding {
  const newest = items.at(0);
  const known =
    newest === undefined
      ? `none in ${folder}`
      : `${countOf(items.length, 'backup')}, the newest ${ageText(newest.at, now)} (${newest.name})`;
  if (failed !== null)
    return {
      name,
      state: 'warn',
      detail: `the last one failed at ${timeText(failed.at)}: ${failed.error}; ${known}`,
      fix: 'Remove the cause, then make one: POST /v1/backup, or the page Backups of the console',
    };
  if (schedule === null)
    return { name, state: 'ok', detail: `no schedule (backup.schedule)${folder === null ? '' : `; ${known}`}` };
  // Two times of the schedule have passed without a backup.
  const [, due] = new Cron(schedule, { timezone: timeZone }).previousRuns(2, new Date(now));
  if (newest !== undefined && due !== undefined && newest.at < due.getTime())
    return {
      name,
      state: 'warn',
      detail: `${known}; schedule ${schedule} (${timeZone})`,
      fix: 'Look for backups in the log of the gateway',
    };
  return { name, state: 'ok', detail: `${known}; schedule ${schedule} (${timeZone})` };
}
