import { existsSync, readdirSync, statSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import { errorOf, fileReason } from '../../../schemas/errors.js';
import { makeFolder } from '../../../schemas/makeFolder.js';
import type { Job } from '../../operations/jobs.js';
import type { ScheduledBackups } from '../../operations/scheduledBackups.js';
import { Problem } from '../http/problems.js';
import { byOf, noContent, type Route, withBody } from '../http/route.js';

/** The absolute path of a new folder for a backup, which is made. Throws folder_invalid. */
function checkFolder(folder: string, dataFolder: string): string {
  if (!isAbsolute(folder))
    throw new Problem('folder_invalid', `${folder} is not an absolute path on the machine of the gateway`);
  const way = relative(resolve(dataFolder), resolve(folder));
  if (way === '' || (!way.startsWith('..') && !isAbsolute(way)))
    throw new Problem('folder_invalid', `${folder} is inside the data folder`);
  if (existsSync(folder) && !isEmptyFolder(folder))
    throw new Problem('folder_invalid', `${folder} exists and is not an empty folder`);
  try {
    makeFolder(resolve(folder));
  } catch (error) {
    throw new Problem('folder_invalid', `${folder} cannot be made by the gateway: ${fileReason(error)}`);
  }
  return resolve(folder);
}

/** Throws folder_invalid if the gateway may not read it. */
function isEmptyFolder(folder: string): boolean {
  try {
    return statSync(folder).isDirectory() && readdirSync(folder).length === 0;
  } catch (error) {
    throw new Problem('folder_invalid', `${folder} cannot be read by the gateway: ${fileReason(error)}`);
  }
}

/** Begins a backup in backup.folder. Throws folder_invalid. */
function startOwn(backups: ScheduledBackups): Job {
  try {
    return backups.start();
  } catch (error) {
    throw new Problem('folder_invalid', `A backup without a folder is not possible: ${errorOf(error).message}`);
  }
}

/** What is done to the store as a whole. */
export const upkeepRoutes: Route[] = [
  {
    method: 'get',
    path: '/v1/storage',
    summary: 'Shows what the data folder holds by kind and by day, and how long the disk lasts',
    role: 'viewer',
    status: 200,
    answer: 'storage',
    async handle(_request, { storage, status }) {
      const { days, ...rest } = await storage();
      return { dataFolder: status().dataFolder, ...rest, days: days.slice().reverse() };
    },
  },
  {
    method: 'post',
    path: '/v1/gateway/seal',
    summary: 'Seals the commit log: moves everything committed into the day files, and answers when it is done',
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
    summary:
      'Confirms that the clock of the gateway is right: it removes old data again and lets devices connect again',
    role: 'admin',
    status: 204,
    async handle(request, { confirmClock }) {
      await confirmClock(byOf(request));
      return noContent;
    },
  },
  withBody('backup_request', {
    method: 'post',
    path: '/v1/backup',
    summary:
      'Starts a backup of the running store into a folder on the machine of the gateway, or into a new one in backup.folder',
    role: 'admin',
    bodyOptional: true,
    status: 202,
    answer: 'job',
    async handle(request, { jobs, backups, status, audit, gatewayId }) {
      const wanted = request.body?.folder;
      const job = wanted === undefined ? startOwn(backups) : jobs.backUp(checkFolder(wanted, status().dataFolder));
      await audit(byOf(request), 'backup_started', gatewayId, job.subject);
      return job;
    },
  }),
  {
    method: 'post',
    path: '/v1/pack',
    summary: 'Starts to pack the finished days that Tidegate 0.1 wrote with a row per reading',
    role: 'admin',
    status: 202,
    answer: 'job',
    async handle(request, { jobs, audit, gatewayId }) {
      const job = jobs.pack();
      await audit(byOf(request), 'packing_started', gatewayId, null);
      return job;
    },
  },
  {
    method: 'get',
    path: '/v1/backups',
    summary: 'Lists the backups in backup.folder, newest first, with the schedule and the last failure',
    role: 'viewer',
    status: 200,
    answer: 'backup_page',
    handle: (_request, { backups }) => ({ ...backups.report(), next: null }),
  },
  {
    method: 'get',
    path: '/v1/jobs',
    summary: 'Lists backups, erasures and packing since the start of the gateway, newest first',
    role: 'viewer',
    status: 200,
    answer: 'job_page',
    handle: (_request, { jobs }) => ({ items: jobs.all().slice().reverse(), next: null }),
  },
  {
    method: 'get',
    path: '/v1/jobs/{id}',
    summary: 'Shows the progress of a job',
    role: 'viewer',
    status: 200,
    answer: 'job',
    handle({ parameters: [id] }, { jobs }) {
      const job = jobs.get(id);
      if (job === undefined)
        throw new Problem('job_unknown', `There is no job ${id} among the last 100 since the gateway started`);
      return job;
    },
  },
];
