#!/usr/bin/env node
/**
 * The JavaScript client under clients/CONFORMANCE.md: commands on stdin, events on stdout. `--wrong NAME` breaks a rule on
 * purpose. conformance/ holds what tests need to judge the client; no program uses it.
 */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import WebSocket from 'ws';
import { type Client, CommandFailure, type CommandHandler, connectDevice } from '../client.js';
import type { Encoding } from '../core/messages.js';
import { fileStorage } from '../fileStorage.js';
import type { Metric, Values } from '../readings.js';
import { socketKindOf } from '../socket.js';
import { type RightOptions, type WrongName, wrongs } from './wrong.js';

interface Line {
  do: string;
  ts?: number;
  values?: Values;
  table?: number;
  metrics?: Metric[];
  backInMs?: number;
}

const commands: Record<string, CommandHandler> = {
  add: { run: ({ a, b }) => ({ sum: Number(a) + Number(b) }) },
  set_interval: { idempotent: true, run: ({ seconds }) => ({ interval: seconds }) },
  fail: {
    run() {
      throw new CommandFailure('broken');
    },
  },
};

const { env, argv } = process;
const wrong = argv[2] === '--wrong' ? (argv[3] as WrongName) : null;

const right: RightOptions = {
  url: env.TIDEGATE_URL ?? '',
  id: env.TIDEGATE_DEVICE ?? '',
  secret: env.TIDEGATE_SECRET ?? '',
  stream: env.TIDEGATE_STREAM,
  encoding: env.TIDEGATE_ENCODING as Encoding,
  storage: fileStorage(join(env.TIDEGATE_STATE ?? '.', 'client.jsonl')),
  socketKind: socketKindOf(WebSocket),
  hello: { agent: 'tidegate-js', attributes: { runtime: `node ${process.versions.node}` } },
  commands,
  event(event) {
    process.stdout.write(`${JSON.stringify(event)}\n`);
    if (event.event === 'welcome') queueMicrotask(() => client.askTime());
  },
};

const client = await connectDevice(wrong === null ? right : { ...right, ...wrongs[wrong].alter(right) });

createInterface({ input: process.stdin })
  .on('line', (line) => obey(client, JSON.parse(line) as Line))
  .on('close', () => void stop());

function obey(device: Client, { do: what, ts, values = {}, table, metrics = [], backInMs = 0 }: Line): void {
  if (what === 'send') device.send(values, ts);
  else if (what === 'metrics') device.declareMetrics({ table, metrics });
  else if (what === 'reconnect') device.reconnect();
  else if (what === 'sleep') device.sleep(backInMs);
  else if (what === 'stop') void stop();
}

async function stop(): Promise<void> {
  await client.stop();
  process.exit(0);
}
