import { existsSync, readdirSync, statSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import type { BackupRequest } from '../../../schemas/generated/operator.js';
import { Problem } from '../http/problems.js';
import { byOf, noContent, type Route } from '../http/route.js';

/** Throws folder_invalid. */
function checkFolder(folder: string, dataFolder: string): string {
  if (!isAbsolute(folder))
    throw new Problem('folder_invalid', `${folder} is no absolute path on the machine of the gateway`);
  const way = relative(resolve(dataFolder), resolve(folder));
  if (way === '' || (!way.startsWith('..') && !isAbsolute(way)))
    throw new Problem('folder_invalid', `${folder} lies in the data folder`);
  if (existsSync(folder) && (!statSync(folder).isDirectory() || readdirSync(folder).length > 0))
    throw new Problem('folder_invalid', `${folder} is there and not an empty folder`);
  return resolve(folder);
}

/** What is done to the store as a whole. */
export const upkeepRoutes: Route[] = [
  {
    method: 'post',
    path: '/v1/gateway/seal',
    summary: 'Brings everything that is committed into the day files; answers when it is there',
    role: 'operator',
    status: 204,
    async handle(_request, { seal }) {
      await seal();
      return noContent;
    },
  },
  {
    method: 'post',
    path: '/v1/gateway/confirm-clock',
    summary: 'Says that the clock of the gateway is right: old data is removed again, and devices are taken again',
    role: 'admin',
    status: 204,
    async handle(request, { confirmClock }) {
      await confirmClock(byOf(request));
      return noContent;
    },
  },
  {
    method: 'post',
    path: '/v1/backup',
    summary: 'Copies the running store into a folder of the gateway, as a job',
    role: 'admin',
    body: 'backup_request',
    status: 202,
    answer: 'job',
    handle(request, { jobs, status }) {
      return jobs.backUp(checkFolder((request.body as BackupRequest).folder, status().dataFolder));
    },
  },
  {
    method: 'get',
    path: '/v1/jobs',
    summary: 'Lists backups and erasures since the start of the gateway, newest first',
    role: 'viewer',
    status: 200,
    answer: 'job_page',
    handle: (_request, { jobs }) => ({ items: jobs.all().slice().reverse(), next: null }),
  },
  {
    method: 'get',
    path: '/v1/jobs/{id}',
    summary: 'Shows how far a job is',
    role: 'viewer',
    status: 200,
    answer: 'job',
    handle({ parameters: [id] }, { jobs }) {
      const job = jobs.get(id);
      if (job === undefined) throw new Problem('job_unknown', `There is no job ${id} since the gateway started`);
      return job;
    },
  },
];
