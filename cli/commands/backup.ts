import { resolve } from 'node:path';
import type { Command } from 'commander';
import { countOf } from '../../schemas/display/numbers.js';
import type { JobBody } from '../../schemas/generated/operator.js';
import { type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { followJob } from '../api/followJob.js';
import { printJson } from '../terminal/output.js';

/** `tidegate backup` */
export function addBackup(program: Command): void {
  withApiOptions(
    program.command('backup <dir>').description('back up the running gateway’s data into a new or empty folder'),
  )
    .addHelpText(
      'after',
      '\nThe folder is on the machine of the gateway. It becomes a complete data folder.\nTo restore it, stop the gateway, and start it again with --data on a copy of the\nfolder.',
    )
    .action(backUp);
}

async function backUp(dir: string, options: ApiOptions): Promise<void> {
  const api = createApiClient(options);
  const job = await followJob(api, await api.request<JobBody>('POST', '/v1/backup', { folder: resolve(dir) }), options);
  if (options.json) return printJson(job);
  console.log(
    `The backup is complete: ${job.subject} contains ${countOf(job.filesDone, 'file')}, ${(job.bytes / 1024 ** 2).toFixed(1)} MiB. Start a gateway on a copy of it:\n\n  npx tidegate serve --data ${job.subject}`,
  );
}
