import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type Relay = Awaited<ReturnType<typeof startRelay>>;

/** A port that stays while the gateway behind it restarts on other ones: the system may give its old one away meanwhile. */
export async function startRelay() {
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
    /** Where new connections go. */
    aim(port: number): void {
      target = port;
    },
    close(): void {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}
