import { parentPort, workerData } from 'node:worker_threads';
import type { ExportProgress, ExportWork } from '../../domain/exports.js';
import type { ExporterCalls } from '../threads/calls.js';
import { yieldToOthers } from '../threads/priority.js';
import { type Handlers, serveCalls } from '../threads/thread.js';
import { archiveDays } from './archiveDays.js';
import { exportDays } from './exportDays.js';

export interface ExporterData {
  /** The data folder. */
  folder: string;
  work: ExportWork;
}

/**
 * The exporter thread. It lives for one export or for one run of the archive, so that a long one delays no seal and no query. It only
 * reads the data folder.
 */
function openExporter({ folder, work }: ExporterData): Handlers<ExporterCalls> {
  yieldToOthers(15);
  const steps = stepsOf(folder, work);
  return {
    step: () => steps.next().value,
    close: () => void steps.return(nothing),
  };
}

function stepsOf(folder: string, work: ExportWork): Generator<ExportProgress, ExportProgress> {
  return work.type === 'export' ? exportDays(folder, work.spec) : archiveDays(folder, work.archive, work.now);
}

const nothing: ExportProgress = { done: 0, total: 0, bytes: 0, readings: 0, damaged: 0, finished: true };

if (parentPort !== null) serveCalls<ExporterCalls>(parentPort, () => openExporter(workerData));
