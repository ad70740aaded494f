import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Relay {
  /** The port that stays. */
  port: number;
  /** Sends new connections to this port. */
  aim(port: number): void;
  close(): void;
}

/** Opens a port that stays the same while the gateway behind it restarts on other ports, because the system may reuse its old port. */
export async function startRelay(): Promise<Relay> {
  let target = 0;
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const gateway = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
    for (const [from, to] of [
      [client, gateway],
      [gateway, client],
    ]) {
      open.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    aim(port: number): void {
      target = port;
    },
    close(): void {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}
