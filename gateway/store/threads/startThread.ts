import { Worker } from 'node:worker_threads';
import { type Caller, createCaller } from './thread.js';

/** A thread of the store, seen from the main thread. */
export interface Thread<Calls extends object> extends Caller<Calls> {
  /** Calls that are not answered yet. */
  waiting(): number;
  /** Lets the thread close what it has open, then ends it. */
  close(): Promise<void>;
  /** Ends the thread at once; it is not reported as died. */
  end(): Promise<void>;
}

/** Starts a thread by its file under store/; `died` hears of an end that nobody asked for. */
export function startThread<Calls extends object>(
  file: string,
  data: object,
  died: (error: Error) => void,
): Thread<Calls> {
  const worker = new Worker(new URL(`../${file}`, import.meta.url), { workerData: data });
  const { call, waiting, letGo } = createCaller<Calls>(worker, died);
  async function end(): Promise<void> {
    letGo();
    await worker.terminate();
  }
  return {
    call,
    waiting,
    async close(): Promise<void> {
      await (call as Caller<{ close(): void }>['call'])('close', []);
      await end();
    },
    end,
  };
}
