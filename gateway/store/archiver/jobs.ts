import { existsSync, readdirSync } from 'node:fs';
import { makeFolder } from '../../../schemas/makeFolder.js';
import type { DayWriterPool } from '../dayFiles/dayWriterPool.js';
import type { ArchiveJob, JobProgress } from '../threads/archiving.js';
import { backUp } from './backup.js';
import { eraseDevice } from './erase.js';
import { packDays } from './pack.js';

/** Long work on the files of the store. Each step of the generator does one file or one slice. */
export function startJob(folder: string, days: DayWriterPool, job: ArchiveJob): Generator<JobProgress, JobProgress> {
  switch (job.type) {
    case 'erase':
      return eraseDevice(folder, days, job.device);
    case 'backup':
      if (existsSync(job.folder) && readdirSync(job.folder).length > 0)
        throw Object.assign(new Error(`${job.folder} is not empty`), { code: 'FOLDER_NOT_EMPTY' });
      makeFolder(job.folder);
      return backUp(folder, days, job.folder);
    case 'pack':
      return packDays(folder, days);
    default:
      return job satisfies never;
  }
}
