import type { ExportProgress, ExportWork } from '../../domain/exports.js';
import type { ExporterCalls } from '../threads/calls.js';
import { startThread } from '../threads/startThread.js';
import { daysToArchive } from './archiveDays.js';
import type { ExporterData } from './exporter.js';

/** Exports and runs of the archive, one after another, each in a thread of its own. */
export interface Exports {
  /**
   * Resolves at the end of the work. Rejects with the error of the thread, or, if `signal` ends the work or the store closes, with the
   * reason; then nothing unfinished is left.
   */
  run(work: ExportWork, progress: (progress: ExportProgress) => void, signal?: AbortSignal): Promise<void>;
  /** The number of past days whose file in the archive is missing or old. */
  daysToArchive(archive: string, now: number): number;
  /** Ends the work that is under way or waits. */
  close(): Promise<void>;
}

export function createExports(folder: string): Exports {
  const closing = new AbortController();
  let last: Promise<void> = Promise.resolve();

  async function work(
    data: ExporterData,
    progress: (progress: ExportProgress) => void,
    stopped: () => void,
  ): Promise<void> {
    stopped();
    // If the thread ends by itself, for lack of memory, its calls are rejected, and the gateway goes on.
    const thread = startThread<ExporterCalls>('exporting/exporter.js', data, () => {});
    try {
      for (let finished = false; !finished; ) {
        const made = await thread.call('step', []);
        progress(made);
        finished = made.finished;
        if (!finished) stopped();
      }
    } finally {
      await thread.close().catch(() => thread.end());
    }
  }

  return {
    run(wanted, progress, signal) {
      const stopped = (): void => {
        closing.signal.throwIfAborted();
        signal?.throwIfAborted();
      };
      const done = last.then(() => work({ folder, work: wanted }, progress, stopped));
      last = done.catch(() => {});
      return done;
    },
    daysToArchive: (archive, now) => daysToArchive(folder, archive, now).length,
    async close() {
      closing.abort(Object.assign(new Error('the store is closing'), { code: 'STORE_CLOSING' }));
      await last;
    },
  };
}
