import type { MessagePort, TransferListItem, Worker } from 'node:worker_threads';
import { codeOf, errorOf } from '../../../schemas/errors.js';

/** A call by name from one thread to another. Calls are answered in their order. Errors cross as {message, code}. */
interface Request {
  id: number;
  name: string;
  args: unknown[];
}
type Answer = { id: number; value: unknown } | { id: number; error: { message: string; code: string | null } };

/** The callee's error, on the caller's side. `code` is that of the original (SQLITE_FULL, …). */
export class CallError extends Error {
  constructor(
    message: string,
    readonly code: string | null,
  ) {
    super(message);
  }
}

/** An answer whose buffers are moved rather than copied. */
export class Moved {
  constructor(
    readonly value: unknown,
    readonly buffers: readonly TransferListItem[],
  ) {}
}

/**
 * The synchronous handlers of a thread, one per call of its map. A handler may return Moved around the answer, which the types cannot
 * express, so answers are not type-checked.
 */
export type Handlers<Calls extends CallMap<Calls>> = {
  [Name in keyof Calls]: (...args: Parameters<Calls[Name]>) => unknown;
};

/** An interface whose members are all functions. */
export type CallMap<Calls> = Record<keyof Calls, (...args: never[]) => unknown>;

/** Serves calls on this thread's end of the port. If `open` throws, every call gets its error. */
export function serveCalls<Calls extends CallMap<Calls>>(port: MessagePort, open: () => Handlers<Calls>): void {
  const handlers = opened(open);
  port.on('message', ({ id, name, args }: Request) => {
    try {
      if (handlers instanceof Error) throw handlers;
      const result = (handlers as Record<string, (...args: unknown[]) => unknown>)[name](...args);
      if (result instanceof Moved) port.postMessage({ id, value: result.value } satisfies Answer, result.buffers);
      else port.postMessage({ id, value: result } satisfies Answer);
    } catch (error) {
      port.postMessage({ id, error: { message: errorOf(error).message, code: codeOf(error) } } satisfies Answer);
    }
  });
}

function opened<Opened>(open: () => Opened): Opened | Error {
  try {
    return open();
  } catch (error) {
    return errorOf(error);
  }
}

/** The calling side of a thread's calls. */
export interface Caller<Calls extends CallMap<Calls>> {
  /** Rejects with CallError if the call fails. The memory of `transfer` moves to the thread. */
  call<Name extends keyof Calls & string>(
    name: Name,
    args: Parameters<Calls[Name]>,
    transfer?: readonly TransferListItem[],
  ): Promise<ReturnType<Calls[Name]>>;
}

export interface WorkerCaller<Calls extends CallMap<Calls>> extends Caller<Calls> {
  /** Calls that are not answered yet. */
  waiting(): number;
  /** Marks the worker's end as expected, so that `died` is not called. */
  expectEnd(): void;
}

/** If the worker dies, every waiting call fails, and `died` is called once unless the end was expected. */
export function createCaller<Calls extends CallMap<Calls>>(
  worker: Worker,
  died: (error: Error) => void,
): WorkerCaller<Calls> {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let nextId = 1;
  let expected = false;
  worker.on('message', (answer: Answer) => {
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('error' in answer) call?.reject(new CallError(answer.error.message, answer.error.code));
    else call?.resolve(answer.value);
  });
  const fail = (error: Error): void => {
    for (const call of waiting.values()) call.reject(error);
    waiting.clear();
    if (!expected) died(error);
    expected = true;
  };
  worker.on('error', fail);
  worker.on('exit', (code) => fail(new CallError(`a store thread ended with code ${code}`, 'THREAD_ENDED')));
  return {
    call(name, args, transfer = []) {
      return new Promise((resolve, reject) => {
        const id = nextId++;
        waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
        worker.postMessage({ id, name, args } satisfies Request, transfer);
      });
    },
    waiting: () => waiting.size,
    expectEnd() {
      expected = true;
    },
  };
}
