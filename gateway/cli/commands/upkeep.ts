import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import type { JobBody } from '../../../schemas/generated/operator.js';
import { type ApiClient, type ApiOptions, createApiClient, withApiOptions } from '../apiClient.js';
import { Failure } from '../failure.js';
import { printJson } from '../output.js';

const pollMs = 200;

export function addUpkeep(program: Command): void {
  withApiOptions(
    program
      .command('backup <dir>')
      .description('copy the running gateway’s data into an empty folder, which starts as a data folder'),
  )
    .addHelpText('after', '\nTo restore: stop the gateway, then start it with --data on a copy of that folder.')
    .action(backUp);
  withApiOptions(
    program.command('confirm-clock').description('say that the gateway’s clock is right, after it stepped'),
  ).action(confirmClock);
}

async function backUp(dir: string, options: ApiOptions): Promise<void> {
  const api = createApiClient(options);
  const job = await followJob(api, await api.request<JobBody>('POST', '/v1/backup', { folder: resolve(dir) }), options);
  if (options.json) return printJson(job);
  console.log(
    `${job.subject} holds ${job.filesDone} files, ${(job.bytes / 1024 ** 2).toFixed(1)} MiB. Start a gateway on a copy of it:\n\n  npx tidegate serve --data ${job.subject}`,
  );
}

async function confirmClock(options: ApiOptions): Promise<void> {
  await createApiClient(options).request('POST', '/v1/gateway/confirm-clock');
  if (options.json) return printJson({ confirmed: true });
  console.log('The clock counts as right from now on.');
}

/** Waits for the end of a job, with its progress on a terminal. Throws Failure where it failed. */
export async function followJob(api: ApiClient, started: JobBody, { json }: ApiOptions): Promise<JobBody> {
  const shows = process.stderr.isTTY && !json;
  for (let job = started; ; job = await api.request<JobBody>('GET', `/v1/jobs/${job.id}`)) {
    if (shows) process.stderr.write(`\r${job.type} ${job.subject}: ${job.filesDone} of ${job.filesTotal} files `);
    if (job.state === 'done' || job.state === 'failed') {
      if (shows) process.stderr.write('\n');
      if (job.state === 'failed') throw new Failure(1, `${job.type} of ${job.subject} failed: ${job.error}`);
      return job;
    }
    await wait(pollMs);
  }
}
