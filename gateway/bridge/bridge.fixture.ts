import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { Aedes } from 'aedes';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';

export interface TestBroker {
  aedes: Aedes;
  port: number;
  url: string;
  /** Cuts every connection. */
  cut(): void;
  /** Cuts every connection, and each new one, until `start`. */
  stop(): void;
  start(): void;
}

/** Starts an MQTT 3.1.1 broker in this process. While it is stopped, it keeps its sessions and its port, and cuts every connection. */
export async function startBroker(context: TestContext): Promise<TestBroker> {
  const aedes = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  let down = false;
  const server = createServer((socket) => {
    if (down) return void socket.destroy();
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    aedes.handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo;

  function cut(): void {
    for (const socket of [...sockets]) socket.destroy();
  }

  function stop(): void {
    down = true;
    cut();
  }

  function start(): void {
    down = false;
  }

  context.after(async () => {
    stop();
    server.close();
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
  });
  return { aedes, port, url: `mqtt://127.0.0.1:${port}`, cut, stop, start };
}

export interface Heard {
  topic: string;
  payload: string;
  retained: boolean;
}

/** A client that keeps every message that it receives. Its session outlives its connection. */
export async function subscribe(context: TestContext, url: string, filter: string, options: IClientOptions = {}) {
  const heard: Heard[] = [];
  let wake = (): void => {};
  const client: MqttClient = connect(url, {
    clientId: `test-${filter.replace(/\W/g, '')}`.slice(0, 23),
    clean: false,
    reconnectPeriod: 50,
    ...options,
  });
  client.on('error', () => {});
  client.on('message', (topic, payload, packet) => {
    heard.push({ topic, payload: payload.toString(), retained: packet.retain });
    wake();
  });
  context.after(() => client.endAsync(true));
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => {
      client.subscribe(filter, { qos: 1 }, (error) => (error == null ? resolve() : reject(error)));
    });
  });
  return {
    client,
    heard,
    /** Resolves with the return value of the function, once that is not undefined. */
    async until<Value>(find: (heard: Heard[]) => Value | undefined): Promise<Value> {
      for (;;) {
        const found = find(heard);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    publish: (topic: string, payload: string | object, more: object = {}): Promise<unknown> =>
      client.publishAsync(topic, typeof payload === 'string' ? payload : JSON.stringify(payload), { qos: 1, ...more }),
  };
}
