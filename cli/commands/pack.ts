import type { Command } from 'commander';
import { countOf } from '../../schemas/display/numbers.js';
import type { JobBody } from '../../schemas/generated/operator.js';
import { type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { followJob } from '../api/followJob.js';
import { printJson } from '../terminal/output.js';

/** `tidegate pack` */
export function addPack(program: Command): void {
  withApiOptions(
    program.command('pack').description('pack the finished days that Tidegate 0.1 wrote, in the running gateway'),
  )
    .addHelpText(
      'after',
      '\nDay files of 0.1 have a row per reading, and stay readable as they are. Packed\nones take a fraction of the space. Devices and queries go on meanwhile. The\ngateway needs free space for one packed day. An interrupted run leaves each day\neither packed or as it was; run the command again. A packed day cannot be opened\nby Tidegate 0.1 any more.',
    )
    .action(pack);
}

async function pack(options: ApiOptions): Promise<void> {
  const api = createApiClient(options);
  const job = await followJob(api, await api.request<JobBody>('POST', '/v1/pack'), options);
  if (options.json) return printJson(job);
  console.log(
    job.filesDone === 0 ? 'Every finished day is packed already.' : `${countOf(job.filesDone, 'day')} packed.`,
  );
}
