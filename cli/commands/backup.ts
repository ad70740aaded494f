import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { JobBody } from '../../schemas/generated/operator.js';
import { type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { followJob } from '../api/followJob.js';
import { printJson } from '../terminal/output.js';

export function addBackup(program: Command): void {
  withApiOptions(
    program
      .command('backup <dir>')
      .description('copy the running gateway’s data into an empty folder, which starts as a data folder'),
  )
    .addHelpText('after', '\nTo restore: stop the gateway, then start it with --data on a copy of that folder.')
    .action(backUp);
}

async function backUp(dir: string, options: ApiOptions): Promise<void> {
  const api = createApiClient(options);
  const job = await followJob(api, await api.request<JobBody>('POST', '/v1/backup', { folder: resolve(dir) }), options);
  if (options.json) return printJson(job);
  console.log(
    `${job.subject} holds ${job.filesDone} files, ${(job.bytes / 1024 ** 2).toFixed(1)} MiB. Start a gateway on a copy of it:\n\n  npx tidegate serve --data ${job.subject}`,
  );
}
