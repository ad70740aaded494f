import { Worker } from 'node:worker_threads';
import { type CallMap, createCaller, type WorkerCaller } from './thread.js';

/** The main thread's side of a thread of the store. */
export interface Thread<Calls extends CallMap<Calls>> extends Pick<WorkerCaller<Calls>, 'call' | 'waiting'> {
  /** Makes the thread close its files, and then ends it. */
  close(): Promise<void>;
  /** Ends the thread at once, without a call of `died`. */
  end(): Promise<void>;
}

/** Every thread can be asked to close its files. */
interface Closing {
  close(): void;
}

/** Starts a thread by its file under store/. `died` is called if the thread ends by itself. */
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
