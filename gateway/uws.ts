import type {
  HttpRequest,
  HttpResponse,
  TemplatedApp,
  us_listen_socket,
  us_socket_context_t,
  WebSocket,
} from 'uWebSockets.js';
import uws from 'uWebSockets.js';
import { createRequire } from 'node:module';
import { StartError } from './startError.js';

/**
 * The one module that knows uWebSockets.js; link/ and operator/ use it. By default import, since named imports type-check
 * but fail at run time.
 */
export const { App, SSLApp } = uws;
export type { HttpRequest, HttpResponse, TemplatedApp, us_socket_context_t, WebSocket };

// No banner header on answers; it must be said before the first app is made.
(uws as unknown as { _cfg(option: string): void })._cfg('silent');

/** Not in the typings: uWebSockets.js exports it for `listen`, so that a port is never shared with another process. */
const exclusivePort = (uws as unknown as { LIBUS_LISTEN_EXCLUSIVE_PORT: number }).LIBUS_LISTEN_EXCLUSIVE_PORT;
type Listen = (host: string, port: number, options: number, done: (socket: us_listen_socket | false) => void) => void;

export interface Listening {
  port: number;
  /** Stops listening; once, and never after the app's own close, which uWebSockets.js does not survive. */
  close(): void;
}

/** Listens on a port that no other socket has; 0: the system chooses one. Throws StartError 69 where it is taken. */
export function listen(app: TemplatedApp, host: string, port: number): Promise<Listening> {
  return new Promise((resolve, reject) => {
    (app.listen as unknown as Listen).call(app, host, port, exclusivePort, (socket) => {
      if (socket === false) {
        reject(
          new StartError(69, `Port ${port} on ${host} is in use or not allowed. Choose another, or stop what has it.`),
        );
        return;
      }
      let open = true;
      resolve({
        port: uws.us_socket_local_port(socket),
        close() {
          if (open) uws.us_listen_socket_close(socket);
          open = false;
        },
      });
    });
  });
}

/** As far as the package says. */
export const uwsVersion = (createRequire(import.meta.url)('uWebSockets.js/package.json') as { version: string })
  .version;
