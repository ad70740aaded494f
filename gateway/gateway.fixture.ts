import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import WebSocket from 'ws';
import type { NewCredentialBody } from '../schemas/generated/operator.js';
import { loadConfig } from './config/config.js';
import { loadModels } from './config/models.js';
import { type Gateway, startGateway } from './gateway.js';
import { systemClock } from './process/clock.js';
import type { GatewayOptions } from './wiring/base.js';

/** A gateway in this process, with the calls that tests make. */
export interface TestGateway {
  gateway: Gateway;
  /** The data folder. */
  data: string;
  /** Calls the operator API; `key` null sends no key. The body is parsed if it is JSON. */
  api(
    method: string,
    path: string,
    body?: unknown,
    key?: string | null,
  ): Promise<{ status: number; body: never; headers: Headers }>;
  addDevice(id: string, more?: object): Promise<NewCredentialBody>;
  connect(credential: { id: string; secret: string }, query?: string, protocols?: string[]): Promise<TestLink>;
}

/** A device's link that a test controls. */
export interface TestLink {
  ws: WebSocket;
  welcome: { lastSeq: number; stream: string; [field: string]: unknown };
  /** The next message: an object for text, a Buffer for binary. Throws if the link closed instead. */
  next(): Promise<never>;
  send(message: object | string): void;
  sendBytes(hex: string): void;
  /** Returns the messages up to and including the first ack of `seq` or above. */
  untilAck(seq: number): Promise<{ type: string; seq: number; code?: string }[]>;
  untilClosed(): Promise<{ code: number; reason: string }>;
  close(code?: number, reason?: string): Promise<void>;
}

/** Starts a real gateway in this process, on ports that the system chooses, with a folder that is removed after the test. */
export async function startTestGateway(
  context: TestContext,
  set: string[] = [],
  options: Partial<GatewayOptions> = {},
): Promise<TestGateway> {
  const data = mkdtempSync(join(tmpdir(), 'tidegate-test-'));
  const gateway = await startOn(data, set, options);
  context.after(async () => {
    await gateway.stop();
    rmSync(data, { recursive: true, force: true });
  });
  return gatewayTools(gateway, data);
}

export function startOn(data: string, set: string[] = [], options: Partial<GatewayOptions> = {}): Promise<Gateway> {
  const basics = [
    `data=${data}`,
    'device.port=0',
    'operator.port=0',
    'device.host=127.0.0.1',
    'store.ballastBytes=0',
    'shutdown.spreadMs=0',
  ];
  // The tests run over one transport or the other, by the variable that sets it for a gateway too.
  const { TIDEGATE_TRANSPORT } = process.env;
  const config = loadConfig({ environment: { TIDEGATE_TRANSPORT }, set: [...basics, ...set] });
  const models = loadModels(config.models);
  return startGateway({
    config,
    models,
    load: () => ({ config, models }),
    log: pino({ level: 'silent' }),
    clock: systemClock,
    host: 'test-host',
    random: () => 0.5,
    fatal: (error) => {
      throw error;
    },
    ...options,
  });
}

/** A port of 127.0.0.1 that a server of the test has until the end of the test. */
export async function takenPort(context: TestContext): Promise<number> {
  const server = createServer();
  context.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

export function gatewayTools(gateway: Gateway, data: string): TestGateway {
  async function api(
    method: string,
    path: string,
    body?: unknown,
    key = gateway.adminKey,
  ): Promise<{ status: number; body: never; headers: Headers }> {
    const headers: Record<string, string> = { connection: 'close' };
    if (key !== null) headers.authorization = `Bearer ${key}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const answer = await fetch(gateway.operatorUrl + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json') === true;
    return { status: answer.status, body: (isJson ? JSON.parse(text) : text) as never, headers: answer.headers };
  }

  return {
    gateway,
    data,
    api,
    async addDevice(id: string, more: object = {}): Promise<NewCredentialBody> {
      return (await api('POST', '/v1/devices', { id, ...more })).body;
    },
    connect: (credential: { id: string; secret: string }, query = '', protocols = ['tidegate.v1.json']) =>
      openTestLink(gateway.deviceUrl + query, protocols, credential),
  };
}

/** Connects a device. The messages that it receives wait in a queue. */
export async function openTestLink(
  url: string,
  protocols: string[],
  { id, secret }: { id: string; secret: string },
): Promise<TestLink> {
  const ws = new WebSocket(url, protocols, {
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
  });
  const heard: (string | Buffer)[] = [];
  const waiting: (() => void)[] = [];
  const wake = (): void => {
    for (const resolve of waiting.splice(0)) resolve();
  };
  let closed: { code: number; reason: string } | null = null;
  ws.on('message', (data, isBinary) => {
    heard.push(isBinary ? (data as Buffer) : String(data));
    wake();
  });
  ws.on('close', (code, reason) => {
    closed = { code, reason: reason.toString() };
    wake();
  });
  ws.on('error', () => {});

  async function next(): Promise<never> {
    while (heard.length === 0) {
      if (closed !== null) throw new Error(`closed with ${(closed as { code: number }).code}`);
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    const message = heard.shift() as string | Buffer;
    return (typeof message === 'string' ? JSON.parse(message) : message) as never;
  }

  return {
    ws,
    next,
    welcome: (await next()) as { lastSeq: number; stream: string; [field: string]: unknown },
    send: (message: object | string): void => ws.send(typeof message === 'string' ? message : JSON.stringify(message)),
    sendBytes: (hex: string): void => ws.send(Buffer.from(hex, 'hex')),
    async untilAck(seq: number): Promise<{ type: string; seq: number; code?: string }[]> {
      const messages: { type: string; seq: number; code?: string }[] = [];
      for (;;) {
        const message = (await next()) as { type: string; seq: number };
        messages.push(message);
        if (message.type === 'ack' && message.seq >= seq) return messages;
      }
    },
    async untilClosed(): Promise<{ code: number; reason: string }> {
      while (closed === null) await new Promise<void>((resolve) => waiting.push(resolve));
      return closed;
    },
    async close(code = 1000, reason = ''): Promise<void> {
      ws.close(code, reason);
      while (closed === null) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}
