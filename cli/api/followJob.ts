import { setTimeout as wait } from 'node:timers/promises';
import { countOf } from '../../schemas/display/numbers.js';
import type { JobBody } from '../../schemas/generated/operator.js';
import type { ApiClient, ApiOptions } from './apiClient.js';
import { Failure } from './failure.js';

const pollMs = 200;

/** Waits for the end of a job, and shows its progress if stderr is a terminal. Throws Failure if the job failed. */
export async function followJob(api: ApiClient, started: JobBody, { json }: ApiOptions): Promise<JobBody> {
  const shows = process.stderr.isTTY && !json;
  for (let job = started; ; job = await api.request<JobBody>('GET', `/v1/jobs/${job.id}`)) {
    if (shows)
      process.stderr.write(`\r${job.type} ${job.subject}: ${job.filesDone} of ${countOf(job.filesTotal, 'file')} `);
    if (job.state === 'done' || job.state === 'failed') {
      if (shows) process.stderr.write('\n');
      if (job.state === 'failed') throw new Failure(1, `${job.type} of ${job.subject} failed: ${job.error}`);
      return job;
    }
    await wait(pollMs);
  }
}
