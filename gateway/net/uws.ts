/** net/ knows addresses, proxies and uWebSockets.js; link/ and operator/ use it. It knows no message and no route. */
import type {
  HttpRequest,
  HttpResponse,
  TemplatedApp,
  us_listen_socket,
  us_socket_context_t,
  WebSocket,
} from 'uWebSockets.js';
import uws from 'uWebSockets.js';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { createSecureContext } from 'node:tls';
import { StartError } from '../process/startError.js';

/** This is the only module that imports uWebSockets.js: by default import, because named imports type-check but fail at run time. */
const { App, SSLApp } = uws;

export type { HttpRequest, HttpResponse, TemplatedApp, us_socket_context_t, WebSocket };

// Answers carry no banner header. This must be set before the first app is made.
(uws as unknown as { _cfg(option: string): void })._cfg('silent');

/** Not in the typings: uWebSockets.js exports it for `listen`, so that a port is never shared with another process. */
const exclusivePort = (uws as unknown as { LIBUS_LISTEN_EXCLUSIVE_PORT: number }).LIBUS_LISTEN_EXCLUSIVE_PORT;
type Listen = (host: string, port: number, options: number, done: (socket: us_listen_socket | false) => void) => void;

/** Not in the typings: called for each connection before anything is read from it, and with -1 after its end. */
type Filter = (handler: (res: HttpResponse, change: 1 | -1) => void) => void;

export function filterConnections(app: TemplatedApp, opened: (res: HttpResponse) => void): void {
  (app as unknown as { filter: Filter }).filter((res, change) => {
    if (change === 1) opened(res);
  });
}

interface Listening {
  port: number;
  /** Stops listening. uWebSockets.js does not survive a second call, or a call after the app's own close. */
  close(): void;
}

const portTaken = (host: string, port: number): StartError =>
  new StartError(
    69,
    `Port ${port} on ${host} is in use or not allowed. Choose another port, or stop the program that uses it.`,
  );

/** Listens on a port that no other socket has, unless it is shared; for 0 the system chooses one. Throws StartError 69 if it is taken. */
function listen(app: TemplatedApp, host: string, port: number, shared: boolean): Promise<Listening> {
  return new Promise((resolve, reject) => {
    (app.listen as unknown as Listen).call(app, host, port, shared ? 0 : exclusivePort, (socket) => {
      if (socket === false) {
        return reject(portTaken(host, port));
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

export interface TlsFiles {
  certFile: string;
  keyFile: string;
}

/** Throws StartError 78 if the certificate or its key cannot be used. */
export function createApp(tls: TlsFiles | undefined): TemplatedApp {
  if (tls === undefined) return App();
  try {
    // uWebSockets.js does not report what is wrong with a certificate; Node does.
    createSecureContext({ cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) });
    return SSLApp({ cert_file_name: tls.certFile, key_file_name: tls.keyFile });
  } catch (error) {
    throw new StartError(78, `${tls.certFile} and ${tls.keyFile} cannot be used for TLS: ${(error as Error).message}`);
  }
}

export interface Port {
  port: number;
  /** Makes an app with another certificate; throws StartError if it cannot be used. The returned function puts it in force. */
  renew(tls: TlsFiles | undefined): () => Promise<void>;
  stopListening(): void;
  close(): void;
}

/**
 * A port that one app after the other serves. uWebSockets.js cannot give a listening app another certificate, so a new app listens
 * beside the old one, and then the old one stops listening; its open connections stay open. This needs a shared port, so openPort
 * first makes sure that no other process has the port. Without TLS there is nothing to renew, and the port is exclusive.
 */
export async function openPort(
  tls: TlsFiles | undefined,
  host: string,
  port: number,
  serve: (app: TemplatedApp) => void,
): Promise<Port> {
  const make = (files: TlsFiles | undefined): TemplatedApp => {
    const app = createApp(files);
    serve(app);
    return app;
  };
  const apps = [make(tls)];
  const shared = tls !== undefined;
  const number = shared ? await freePort(host, port) : port;
  let listening = await listen(apps[0], host, number, shared);
  return {
    port: listening.port,
    renew(files) {
      const app = make(files);
      return async () => {
        const next = await listen(app, host, listening.port, shared);
        listening.close();
        listening = next;
        apps.push(app);
      };
    },
    stopListening: () => listening.close(),
    close() {
      listening.close();
      for (const app of apps) app.close();
    },
  };
}

/** Returns the port, or for 0 one that the system chooses. Throws StartError 69 if any socket has it. */
function freePort(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', () => reject(portTaken(host, port)));
    probe.listen({ host, port, exclusive: true }, () => {
      const { port: found } = probe.address() as AddressInfo;
      probe.close(() => resolve(found));
    });
  });
}

/** The version that the package names. */
export const uwsVersion = (createRequire(import.meta.url)('uWebSockets.js/package.json') as { version: string })
  .version;
