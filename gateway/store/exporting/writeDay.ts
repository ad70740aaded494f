import { renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from '../../../schemas/errors.js';
import type { ExportFormat, ExportProgress } from '../../domain/exports.js';
import { removeDatabase } from '../dayFiles/days.js';
import { syncPath } from '../sqlite/syncPath.js';
import type { DaySnapshot } from './dayReadings.js';
import { openDayOutput } from './openOutput.js';

/** A file has this at the end of its name until it is complete. */
export const partSuffix = '.part';

/** Readings after which a step ends. */
const readingsPerStep = 50_000;

export interface WrittenDay {
  /** 0 if the day has none of the wanted readings. Then there is no file. */
  readings: number;
  bytes: number;
  damaged: number;
}

export interface WriteDayOptions {
  snapshot: DaySnapshot;
  format: ExportFormat;
  /** The file, which is replaced if it exists. */
  path: string;
  from: number;
  to: number;
  devices: ReadonlySet<string> | null;
}

/** Writes a day as `writeDay` does, and adds what was written to the progress, of which each step gives a copy. */
export function* writeCounted(
  options: WriteDayOptions,
  progress: ExportProgress,
): Generator<ExportProgress, WrittenDay> {
  const writing = writeDay(options);
  try {
    let step = writing.next();
    for (; !step.done; step = writing.next()) yield { ...progress };
    progress.bytes += step.value.bytes;
    progress.readings += step.value.readings;
    progress.damaged += step.value.damaged;
    return step.value;
  } finally {
    writing.return({ readings: 0, bytes: 0, damaged: 0 });
  }
}

/**
 * Writes the readings of a day into a file, a slice per step of the generator. The file takes its name when it is complete and on disk. If
 * the generator is ended before, or fails, nothing of it is left.
 */
export function* writeDay({ snapshot, format, path, ...selection }: WriteDayOptions): Generator<void, WrittenDay> {
  const part = path + partSuffix;
  const written: WrittenDay = { readings: 0, bytes: 0, damaged: snapshot.unreadable };
  const damaged = (): void => void written.damaged++;
  removeDatabase(part);
  try {
    const output = openDayOutput(format, part);
    let ended = false;
    try {
      let slice = 0;
      for (const block of snapshot.blocks({ ...selection, damaged })) {
        output.add(block);
        const added = block.to - block.from;
        written.readings += added;
        slice += added;
        if (slice < readingsPerStep) continue;
        slice = 0;
        yield;
      }
      ended = true;
      output.end();
    } finally {
      if (!ended) output.abandon();
    }
    if (written.readings === 0) rmSync(path, { force: true });
    else {
      syncPath(part);
      written.bytes = statSync(part).size;
      renameSync(part, path);
      syncFolder(dirname(path));
    }
    return written;
  } finally {
    removeDatabase(part);
  }
}

/** Not every file system, such as one over a network, can sync a folder. */
export function syncFolder(folder: string): void {
  try {
    syncPath(folder);
  } catch (error) {
    if (!/^(EINVAL|ENOTSUP|ENOSYS|EPERM|EISDIR)$/.test(codeOf(error) ?? '')) throw error;
  }
}
