import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import type { DayWriters } from '../dayFiles/dayWriters.js';
import type { ArchiveJob, JobProgress } from '../threads/calls.js';
import { backUp } from './backup.js';
import { eraseDevice } from './erase.js';

/** Long work on the files of the store, a file or a slice each time the generator goes on. */
export function startJob(folder: string, days: DayWriters, job: ArchiveJob): Generator<JobProgress, JobProgress> {
  switch (job.type) {
    case 'erase':
      return eraseDevice(folder, days, job.device);
    case 'backup':
      if (existsSync(job.folder) && readdirSync(job.folder).length > 0)
        throw Object.assign(new Error(`${job.folder} is not empty`), { code: 'FOLDER_NOT_EMPTY' });
      mkdirSync(job.folder, { recursive: true, mode: 0o700 });
      return backUp(folder, days, job.folder);
    default:
      return job satisfies never;
  }
}
