import { resolve } from 'node:path';
import type { Command } from 'commander';
import { bytesText, countOf } from '../../schemas/display/numbers.js';
import type { BackupPage, JobBody } from '../../schemas/generated/operator.js';
import { type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { followJob } from '../api/followJob.js';
import { printJson, tableOf, timeText } from '../terminal/output.js';

/** `tidegate backup` */
export function addBackup(program: Command): void {
  const backup = withApiOptions(
    program
      .command('backup <dir>')
      .description('back up the running gateway’s data into a new or empty folder, or list the backups (backup list)'),
  );
  backup
    .addHelpText(
      'after',
      '\nThe folder is on the machine of the gateway. It becomes a complete data folder.\nTo restore it, stop the gateway, and start it again with --data on a copy of the\nfolder.',
    )
    .action(backUp);
  withApiOptions(
    backup.command('list').description('show the schedule and list the backups in backup.folder, newest first'),
  )
    .alias('ls')
    // Options that the command before has, too, are its own.
    .action((_options: ApiOptions, command: Command) => list(command.optsWithGlobals<ApiOptions>()));
}

async function list(options: ApiOptions): Promise<void> {
  const report = await createApiClient(options).request<BackupPage>('GET', '/v1/backups');
  if (options.json) return printJson(report);
  const { schedule, timeZone, folder, keep, nextAt, failed, failures, items } = report;
  console.log(
    schedule === null
      ? 'No schedule: backup.schedule and backup.folder are not set.'
      : `Schedule: ${schedule} (${timeZone}), into ${folder}, the newest ${keep} are kept. Next: ${timeText(nextAt)}`,
  );
  if (failed !== null)
    console.log(
      `The last one failed at ${timeText(failed.at)}: ${failed.error}. ${countOf(failures, 'failure')} since the start of the gateway.`,
    );
  if (items.length === 0) return console.log(folder === null ? '' : `No backups in ${folder} yet.`);
  const rows = items.map((one) => [timeText(one.at), bytesText(one.bytes), countOf(one.files, 'file'), one.folder]);
  console.log(`\n${tableOf(['TIME (UTC)', 'SIZE', 'FILES', 'FOLDER'], rows)}`);
}

async function backUp(dir: string, options: ApiOptions): Promise<void> {
  const api = createApiClient(options);
  const job = await followJob(api, await api.request<JobBody>('POST', '/v1/backup', { folder: resolve(dir) }), options);
  if (options.json) return printJson(job);
  console.log(
    `The backup is complete: ${job.subject} contains ${countOf(job.filesDone, 'file')}, ${bytesText(job.bytes)}. Start a gateway on a copy of it:\n\n  npx tidegate serve --data ${job.subject}`,
  );
}
