import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  /** The port on 127.0.0.1 that clients connect to. */
  port: number;
  /** Bytes are those that arrived; swallowed ones went no further. */
  stats: { connections: number; bytesUp: number; bytesDown: number; bytesSwallowed: number };
  /** Sends new connections to this port. */
  retarget(port: number): void;
  /** Holds each chunk back by `ms`, in order. */
  delay(ms: number): void;
  /** Ends all connections now: by a reset, or as a peer that leaves properly. */
  cut(how?: 'reset' | 'close'): void;
  /** Swallows what comes from either side, without ending anything. */
  blackHole(on: boolean): void;
  close(): Promise<void>;
}

/**
 * A TCP proxy on a loopback port that does to connections what networks do: delay them, cut them, or swallow everything
 * while both ends believe the link is up (a half-open link).
 */
export async function startTcpProxy(firstPort: number): Promise<TcpProxy> {
  let targetPort = firstPort;
  const pairs = new Set<{ client: Socket; target: Socket }>();
  let delayMs = 0;
  let holding = false;
  const stats = { connections: 0, bytesUp: 0, bytesDown: 0, bytesSwallowed: 0 };

  const server = createServer((client) => {
    stats.connections++;
    const target = connect(targetPort, '127.0.0.1');
    const pair = { client, target };
    pairs.add(pair);
    pipe(client, target, 'bytesUp');
    pipe(target, client, 'bytesDown');
    const end = (): void => {
      pairs.delete(pair);
      client.destroy();
      target.destroy();
    };
    for (const socket of [client, target]) socket.on('error', end).on('close', end);
  });

  function pipe(from: Socket, to: Socket, count: 'bytesUp' | 'bytesDown'): void {
    from.on('data', (chunk) => {
      if (holding) {
        stats.bytesSwallowed += chunk.length;
        return;
      }
      stats[count] += chunk.length;
      if (delayMs === 0) to.write(chunk);
      else setTimeout(() => to.writable && to.write(chunk), delayMs).unref();
    });
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stats,
    retarget(port: number): void {
      targetPort = port;
    },
    delay(ms: number): void {
      delayMs = ms;
    },
    cut(how = 'reset'): void {
      for (const { client, target } of [...pairs]) {
        for (const socket of [client, target]) how === 'reset' ? socket.resetAndDestroy() : socket.end();
      }
    },
    blackHole(on: boolean): void {
      holding = on;
    },
    async close(): Promise<void> {
      for (const { client, target } of [...pairs]) {
        client.destroy();
        target.destroy();
      }
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
