import type { Command } from 'commander';
import { bytesText, countOf } from '../../schemas/display/numbers.js';
import type { JobBody } from '../../schemas/generated/operator.js';
import { type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { followJob } from '../api/followJob.js';
import { printJson, tableOf, timeText } from '../terminal/output.js';

/** `tidegate job` */
export function addJob(program: Command): void {
  const job = program.command('job').description('list, show and wait for backups, erasures and packing');
  withApiOptions(
    job.command('list').description('list backups, erasures and packing since the start of the gateway, newest first'),
  )
    .alias('ls')
    .action(list);
  withApiOptions(job.command('show <id>').description('show how far a job is')).action(
    async (id: string, options: ApiOptions) =>
      print(await createApiClient(options).request<JobBody>('GET', pathOf(id)), options),
  );
  withApiOptions(
    job.command('wait <id>').description('wait for the end of a job; exit code 0 only if it succeeded'),
  ).action(async (id: string, options: ApiOptions) => {
    const api = createApiClient(options);
    print(await followJob(api, await api.request<JobBody>('GET', pathOf(id)), options), options);
  });
}

const pathOf = (id: string): string => `/v1/jobs/${encodeURIComponent(id)}`;

const progressOf = ({ filesDone, filesTotal }: JobBody): string => `${filesDone} of ${countOf(filesTotal, 'file')}`;

async function list(options: ApiOptions): Promise<void> {
  const { items } = await createApiClient(options).request<{ items: JobBody[] }>('GET', '/v1/jobs');
  if (options.json) return printJson(...items);
  if (items.length === 0) return console.log('No jobs since the start of the gateway.');
  const rows = items.map((job) => [
    job.id,
    timeText(job.createdAt),
    job.type,
    job.state,
    progressOf(job),
    bytesText(job.bytes),
    job.error === null ? job.subject : `${job.subject}: ${job.error}`,
  ]);
  console.log(tableOf(['ID', 'CREATED (UTC)', 'TYPE', 'STATE', 'PROGRESS', 'SIZE', 'SUBJECT'], rows));
}

function print(job: JobBody, { json }: ApiOptions): void {
  if (json) return printJson(job);
  const { type, subject, state, bytes, createdAt, endedAt, error } = job;
  console.log(`${type} of ${subject}: ${state}, ${progressOf(job)}, ${bytesText(bytes)}`);
  console.log(`created ${timeText(createdAt)}${endedAt === null ? '' : `, ended ${timeText(endedAt)}`}`);
  if (error !== null) console.log(`error: ${error}`);
}
