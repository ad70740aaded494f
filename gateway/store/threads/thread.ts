import type { MessagePort, TransferListItem, Worker } from 'node:worker_threads';

/** Calls by name between two threads, answered in order of asking. Errors cross as {message, code}. */
interface Request {
  id: number;
  name: string;
  args: unknown[];
}
type Answer = { id: number; value: unknown } | { id: number; error: { message: string; code: string | null } };

/** The callee's error, on the caller's side; `code` is that of the original (SQLITE_FULL, …). */
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

/** Serves calls on this thread's end of the port; synchronous handlers only. Where `open` throws, every call gets its error. */
export function serveCalls(port: MessagePort, open: () => object): void {
  const handlers = opened(open);
  port.on('message', ({ id, name, args }: Request) => {
    try {
      if (handlers instanceof Error) throw handlers;
      const result = (handlers as Record<string, (...args: unknown[]) => unknown>)[name](...args);
      if (result instanceof Moved) port.postMessage({ id, value: result.value } satisfies Answer, result.buffers);
      else port.postMessage({ id, value: result } satisfies Answer);
    } catch (error) {
      const { message, code } = error as Error & { code?: string };
      port.postMessage({ id, error: { message, code: code ?? null } } satisfies Answer);
    }
  });
}

function opened(open: () => object): object {
  try {
    return open();
  } catch (error) {
    return error as Error;
  }
}

export interface Caller<Map> {
  call<Name extends keyof Map & string>(
    name: Name,
    args: Parameters<Extract<Map[Name], (...args: never[]) => unknown>>,
    transfer?: readonly TransferListItem[],
  ): Promise<ReturnType<Extract<Map[Name], (...args: never[]) => unknown>>>;
}

/** The calling side. When the worker dies, every waiting call fails and `died` is told, unless it was let go before. */
export function createCaller<Map extends object>(
  worker: Worker,
  died: (error: Error) => void,
): Caller<Map> & { waiting(): number; letGo(): void } {
  const waiting = new globalThis.Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
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
    /** Calls not answered yet. */
    waiting: () => waiting.size,
    letGo: () => {
      expected = true;
    },
  };
}
