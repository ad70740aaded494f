import type { MessagePort, Worker } from 'node:worker_threads';

interface Call {
  name: string;
  args: unknown[];
}

type Handlers<Map> = {
  [Name in keyof Map]: Map[Name] extends (...args: infer Args) => void ? (...args: Args) => void : never;
};

/** Calls by name to the other thread, without answers. */
export function createTeller<Map extends object>(port: Pick<MessagePort, 'postMessage'>): Handlers<Map> {
  return new Proxy({} as Handlers<Map>, {
    get:
      (_target, name: string) =>
      (...args: unknown[]) =>
        port.postMessage({ name, args } satisfies Call),
  });
}

/** Serves the other thread's calls. */
export function listen<Map extends object>(port: MessagePort | Worker, handlers: Handlers<Map>): void {
  port.on('message', ({ name, args }: Call) => {
    (handlers as Record<string, (...args: unknown[]) => void>)[name](...args);
  });
}
