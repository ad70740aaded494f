import { Worker } from 'node:worker_threads';
import { type CallMap, createCaller, type WorkerCaller } from './thread.js';

/** A thread of the store, seen from the main thread. */
export interface Thread<Calls extends CallMap<Calls>> extends Pick<WorkerCaller<Calls>, 'call' | 'waiting'> {
  /** Lets the thread close its files, then ends it. */
  close(): Promise<void>;
  /** Ends the thread at once; `died` is not called. */
  end(): Promise<void>;
}

/** Every thread can be asked to close its files. */
interface Closing {
  close(): void;
}

/** Starts a thread by its file under store/. `died` is called when the thread ends without being asked to. */
export function startThread<Calls extends Closing & CallMap<Calls>>(
  file: string,
  data: object,
  died: (error: Error) => void,
): Thread<Calls> {
  const worker = new Worker(new URL(`../${file}`, import.meta.url), { workerData: data });
  const caller = createCaller<Calls>(worker, died);
  const closer: WorkerCaller<Closing> = caller;
  async function end(): Promise<void> {
    caller.expectEnd();
    await worker.terminate();
  }
  return {
    call: caller.call,
    waiting: caller.waiting,
    async close(): Promise<void> {
      await closer.call('close', []);
      await end();
    },
    end,
  };
}
