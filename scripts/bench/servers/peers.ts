import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import Database from 'better-sqlite3';
import type { Protocol } from '../load/wire.js';
import { kill, runScript, type Server, startScript } from './servers.js';

/** node:http with SQLite. Each of these servers has the settings that its own documentation recommends; its row names them. */
export const startHttp = (links: number): Promise<Server> =>
  startScript('./httpServer.js', links, {
    protocol: 'http',
    settings: 'keep-alive, one request at a time; SQLite WAL, synchronous=FULL, one transaction per commit interval',
  });

/** mosquitto with a storing subscriber. By these settings of mosquitto.conf(5) it drops nothing for a slow subscriber, and saves its messages to disk. */
export const startMosquitto = (links: number): Promise<Server> =>
  startBroker(links, {
    protocol: 'mqtt',
    subscriber: './mqttSubscriber.js',
    settings:
      'persistence true (saved every 30 min), max_queued_messages 0, max_inflight_messages 0, set_tcp_nodelay true; subscriber with a persistent session, PUBACK after its fsync',
    command(folder, port) {
      const config = join(folder, 'mosquitto.conf');
      const lines = [
        `listener ${port} 127.0.0.1`,
        'allow_anonymous true',
        'persistence true',
        `persistence_location ${folder}/`,
        'max_queued_messages 0',
        'max_inflight_messages 0',
        'set_tcp_nodelay true',
        'log_type error',
      ];
      if (process.getuid?.() === 0) lines.push('user root');
      writeFileSync(config, `${lines.join('\n')}\n`);
      return ['mosquitto', '-c', config];
    },
  });

/** NATS JetStream with file storage and its default sync interval of two minutes. The acks come from JetStream, after it wrote the message. */
export const startNats = (links: number): Promise<Server> =>
  startBroker(links, {
    protocol: 'nats',
    subscriber: './natsSubscriber.js',
    settings:
      'JetStream, file storage, limits, sync_interval 2m (default), push consumer, ack policy all, max_ack_pending 50,000; consumer acknowledges after its fsync',
    command: (folder, port) => ['nats-server', '-a', '127.0.0.1', '-p', `${port}`, '-js', '-sd', folder],
  });

interface Broker {
  protocol: Protocol;
  /** The script of this folder that stores what the broker delivers. */
  subscriber: string;
  /** The settings as the table prints them. */
  settings: string;
  /** The command line that starts the broker on this port, with its files in this folder. */
  command(folder: string, port: number): string[];
}

async function startBroker(links: number, { protocol, subscriber, settings, command }: Broker): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-bench-'));
  const port = await freePort();
  const [name, ...args] = command(folder, port);
  const broker: ChildProcess = spawn(name, args, { stdio: 'ignore' });
  await new Promise<void>((resolve, reject) => {
    broker.once('spawn', resolve);
    broker.once('error', () => reject(new Error(`${name} cannot be started: install the Debian package ${name}`)));
  });
  await untilListening(port);
  const { child } = await runScript(subscriber, [folder, `${port}`]);
  return {
    pid: broker.pid as number,
    others: [child.pid as number],
    protocol,
    settings,
    port,
    path: '',
    headers: Array.from({ length: links }, () => []),
    opening: null,
    storedSoFar: async () => rowsIn(folder),
    stored: async () => null,
    async stop() {
      await kill(child);
      await kill(broker);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function rowsIn(folder: string): number {
  const db = new Database(join(folder, 'readings.db'), { readonly: true });
  const { rows } = db.prepare('SELECT max(rowid) AS rows FROM readings').get() as { rows: number | null };
  db.close();
  return rows ?? 0;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function untilListening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (isUp) return;
    await wait(50);
  }
  throw new Error(`the broker does not listen on port ${port} after 10 s`);
}
