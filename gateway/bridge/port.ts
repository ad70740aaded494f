import type { MessagePort, Worker } from 'node:worker_threads';

/** A map of calls without answers: names and their arguments. */
type CallMap<Map> = { [Name in keyof Map]: (...args: never[]) => void };

/** One call of a map, as it is posted. */
type Call<Map extends CallMap<Map>> = {
  [Name in keyof Map & string]: { name: Name; args: Parameters<Map[Name]> };
}[keyof Map & string];

/** Calls the other thread by name: `calls.status(now)` posts the call and returns at once. */
export function createCalls<Map extends CallMap<Map>>(port: Pick<MessagePort, 'postMessage'>): Map {
  const post =
    <Name extends keyof Map & string>(name: Name) =>
    (...args: Parameters<Map[Name]>): void =>
      port.postMessage({ name, args } satisfies { name: Name; args: Parameters<Map[Name]> });
  // A proxy has the type of its target, so this is where the calls get theirs.
  return new Proxy({} as Map, { get: (_target, name: keyof Map & string) => post(name) });
}

/** Carries out the calls of the other thread. */
export function listen<Map extends CallMap<Map>>(port: MessagePort | Worker, handlers: Map): void {
  port.on('message', ({ name, args }: Call<Map>) => handlers[name](...args));
}
