import { existsSync, readdirSync, statSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import { errorOf, fileReason } from '../../../schemas/errors.js';
import type { ExportRequest } from '../../../schemas/generated/operator.js';
import { makeFolder } from '../../../schemas/makeFolder.js';
import type { ExportSpec } from '../../domain/exports.js';
import type { Job } from '../../operations/jobs.js';
import type { ScheduledBackups } from '../../operations/scheduledBackups.js';
import type { OperatorContext } from '../http/context.js';
import { Problem } from '../http/problems.js';
import { byOf, noContent, type Route, withBody } from '../http/route.js';
import { targetOf } from './targets.js';

/** The absolute path of a folder outside the data folder. Throws folder_invalid. */
function checkPlace(folder: string, dataFolder: string): string {
  if (!isAbsolute(folder))
    throw new Problem('folder_invalid', `${folder} is not an absolute path on the machine of the gateway`);
  const way = relative(resolve(dataFolder), resolve(folder));
  if (way === '' || (!way.startsWith('..') && !isAbsolute(way)))
    throw new Problem('folder_invalid', `${folder} is inside the data folder`);
  return resolve(folder);
}

/** Makes the folder, which is new or empty. Throws folder_invalid. */
function checkEmpty(folder: string): string {
  if (existsSync(folder) && !isEmptyFolder(folder))
    throw new Problem('folder_invalid', `${folder} exists and is not an empty folder`);
  return made(folder);
}

/** Throws folder_invalid. */
function made(folder: string): string {
  try {
    makeFolder(folder);
    return folder;
  } catch (error) {
    throw new Problem('folder_invalid', `${folder} cannot be made by the gateway: ${fileReason(error)}`);
  }
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

/** Which readings are exported where. Throws folder_invalid, range_invalid, device_unknown, model_unknown, target_empty. */
function exportOf({ folder, format, from, to, target }: ExportRequest, context: OperatorContext): ExportSpec {
  if (from >= to) throw new Problem('range_invalid', `from ${from} is not before to ${to}`);
  const place = checkPlace(folder, context.status().dataFolder);
  if (target === undefined) return { folder: made(place), format, from, to, devices: null };
  const { devices, unknown } = targetOf(target, context);
  if (unknown.length > 0) throw new Problem('device_unknown', `There is no device ${unknown[0]}`);
  return { folder: made(place), format, from, to, devices: devices.map(({ id }) => id) };
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
      const { dataFolder, damagedDays } = status();
      return { dataFolder, ...rest, damagedDays, days: days.slice().reverse() };
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
      if (wanted === undefined) {
        const job = startOwn(backups);
        await audit(byOf(request), 'backup_started', gatewayId, job.subject);
        return job;
      }
      const folder = checkEmpty(checkPlace(wanted, status().dataFolder));
      await audit(byOf(request), 'backup_started', gatewayId, folder);
      return jobs.backUp(folder);
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
      await audit(byOf(request), 'packing_started', gatewayId, null);
      return jobs.pack();
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
  withBody('export_request', {
    method: 'post',
    path: '/v1/exports',
    summary: 'Starts an export of readings into files on the machine of the gateway, one per UTC day',
    role: 'admin',
    status: 202,
    answer: 'job',
    async handle(request, context) {
      const spec = exportOf(request.body, context);
      const span = [spec.from, spec.to].map((ts) => new Date(ts).toISOString()).join(' to ');
      await context.audit(byOf(request), 'export_started', context.gatewayId, `${span} into ${spec.folder}`);
      return context.jobs.exportTo(spec);
    },
  }),
  {
    method: 'get',
    path: '/v1/jobs',
    summary: 'Lists backups, erasures, packing and exports since the start of the gateway, newest first',
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
  {
    method: 'delete',
    path: '/v1/jobs/{id}',
    summary: 'Cancels an export; files of complete days stay',
    role: 'admin',
    status: 204,
    async handle(request, { jobs, audit, gatewayId }) {
      const [id] = request.parameters;
      const job = jobs.get(id);
      if (job === undefined) throw new Problem('job_unknown', `There is no job ${id}`);
      if (!jobs.cancel(id, byOf(request)))
        throw new Problem('job_not_cancellable', `Job ${id} (${job.type}) is ${job.state}`);
      await audit(byOf(request), 'export_cancelled', gatewayId, job.subject);
      return noContent;
    },
  },
];
