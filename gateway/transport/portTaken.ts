import { type AddressInfo, createServer } from 'node:net';
import { StartError } from '../process/startError.js';

/** Why a port cannot be opened, by the code of the system. `of` is what has to change. */
const reasons: Readonly<Record<string, { of: 'port' | 'host'; text(host: string, port: number): string }>> = {
  EADDRINUSE: { of: 'port', text: (host, port) => `Port ${port} on ${host} is in use.` },
  EACCES: { of: 'port', text: (host, port) => `This user may not open port ${port} on ${host}.` },
  EADDRNOTAVAIL: { of: 'host', text: (host) => `This machine has no address ${host}.` },
  ENOTFOUND: { of: 'host', text: (host) => `The name ${host} has no address.` },
  EAI_AGAIN: { of: 'host', text: (host) => `The name ${host} has no address at present.` },
};

/** A port that cannot be opened. What opens it knows the settings that name it. */
export class PortTakenError extends StartError {
  /** Which of the two settings is at fault. */
  readonly of: 'port' | 'host';

  /** `code` is that of the system, such as EADDRINUSE. */
  constructor(host: string, port: number, code: string) {
    const reason = reasons[code];
    super(69, reason?.text(host, port) ?? `Port ${port} on ${host} cannot be opened: ${code}.`);
    this.of = reason?.of ?? 'port';
  }
}

/** Returns the port, or for 0 one that the system chooses, if Node can open it. Throws PortTakenError. */
export function freePort(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', (error: NodeJS.ErrnoException) => reject(new PortTakenError(host, port, error.code ?? '')));
    probe.listen({ host, port, exclusive: true }, () => {
      const { port: found } = probe.address() as AddressInfo;
      probe.close(() => resolve(found));
    });
  });
}

/** Why a port cannot be opened, for a library that does not say it: Node is asked for the port. */
export const portTaken = (host: string, port: number): Promise<PortTakenError> =>
  freePort(host, port).then(
    // It is free by now.
    () => new PortTakenError(host, port, 'EADDRINUSE'),
    (error: PortTakenError) => error,
  );
