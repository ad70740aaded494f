import type { Command } from 'commander';
import pc from 'picocolors';
import WebSocket from 'ws';
import { untilSignal } from '../../device-sim/run/untilSignal.js';
import { countOf, createScales } from '../../schemas/display/numbers.js';
import { readingText } from '../../schemas/display/values.js';
import type { LiveMessage, LiveReadings, LiveSnapshot } from '../../schemas/generated/operator.js';
import { type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { Failure } from '../api/failure.js';
import { timeText } from '../terminal/output.js';
import { traceLines } from '../terminal/traceLines.js';

/** `tidegate tail` */
export function addTail(program: Command): void {
  withApiOptions(
    program
      .command('tail [id]')
      .description('print readings, presence, rejected frames and commands as they happen')
      .option('--trace', 'print when each frame of the device was received, decoded, committed, acked and bridged'),
  )
    .addHelpText(
      'after',
      '\nWithout an id it prints those of all devices. Ctrl-C ends it. With --json, each\nline is one message of /v1/live.',
    )
    .action(tail);
}

async function tail(id: string | undefined, options: ApiOptions & { trace?: true }): Promise<void> {
  if (options.trace === true && id === undefined)
    throw new Failure(64, '--trace needs a device: tidegate tail ID --trace');
  const api = createApiClient(options);
  await api.request('GET', id === undefined ? '/v1/gateway' : `/v1/devices/${encodeURIComponent(id)}`);
  const units = createUnits();
  let ended = false;
  let socket: WebSocket | undefined;
  const connect = (): void => {
    socket = new WebSocket(`${api.url.replace(/^http/, 'ws')}/v1/live`, ['tidegate.live.v1'], {
      headers: { authorization: `Bearer ${api.key}` },
    });
    const subscription = {
      type: 'subscribe',
      kinds:
        options.trace === true ? ['presence', 'commands', 'trace'] : ['readings', 'presence', 'rejected', 'commands'],
      ...(id === undefined ? {} : { devices: [id] }),
    };
    const send = (message: object): void => socket?.send(JSON.stringify(message));
    socket.on('open', () => {
      if (options.json === true || options.trace === true) return send(subscription);
      // Readings have no units: a snapshot of the latest values has them, and the readings follow it.
      send({ ...subscription, id: unitsId, kinds: ['latest'], snapshot: true });
    });
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as LiveMessage;
      if (options.json === true) return console.log(JSON.stringify(message));
      if (message.type === 'snapshot' && message.id === unitsId) {
        units.learn(message);
        if (message.more) return;
        send({ type: 'unsubscribe', id: unitsId });
        send(subscription);
      }
      for (const line of linesOf(message, units)) console.log(line);
    });
    socket.on('error', (error) =>
      console.error(pc.yellow(`The live feed of ${api.url} is disconnected: ${error.message}. Reconnecting…`)),
    );
    socket.on('close', () => {
      if (!ended) setTimeout(connect, 500 + Math.random() * 1_500);
    });
  };
  connect();
  await untilSignal();
  ended = true;
  socket?.close();
}

const unitsId = 'units';

type Reading = LiveReadings['readings'][number];

/** Writes values for people, as the console does. A metric that is newer than the snapshot has no unit here, and keeps all its digits. */
function createUnits(): { learn(snapshot: LiveSnapshot): void; textOf(device: string, reading: Reading): string } {
  const units = new Map<string, string | null>();
  const scale = createScales();
  const keyOf = (device: string, metric: string): string => `${device} ${metric}`;
  return {
    learn({ devices }) {
      for (const [device, { latest = {} }] of Object.entries(devices))
        for (const [metric, { unit }] of Object.entries(latest)) units.set(keyOf(device, metric), unit);
    },
    textOf(device, { metric, value }) {
      const unit = units.get(keyOf(device, metric));
      if (unit === undefined && typeof value === 'number') return String(value);
      const scaled = typeof value === 'number' ? scale(keyOf(device, metric), value, unit ?? null) : undefined;
      return readingText(value, unit ?? null, scaled);
    },
  };
}

function linesOf(message: LiveMessage, units: ReturnType<typeof createUnits>): string[] {
  switch (message.type) {
    case 'readings':
      return message.readings.map(
        (reading) =>
          `${pc.dim(timeText(reading.ts))}  ${message.device}  ${reading.metric} ${pc.bold(units.textOf(message.device, reading))}`,
      );
    case 'presence': {
      const { online, lastClose, since } = message.presence;
      const why = online || lastClose === null ? '' : ` (${lastClose.code} ${lastClose.reason})`;
      return [
        `${pc.dim(timeText(since))}  ${message.device}  ${online ? pc.green('online') : pc.yellow('offline')}${why}`,
      ];
    }
    case 'rejected':
      return [
        `${pc.red('rejected')}  ${message.device}  seq ${message.seq}  ${message.code}: ${message.message}  (rid ${message.rid})`,
      ];
    case 'command': {
      const { name, state, error } = message.command;
      const why = error === null ? '' : ` ${JSON.stringify(error)}`;
      return [`${pc.cyan('command')}  ${message.device}  ${name} ${pc.bold(state)}${why}  (${message.command.id})`];
    }
    case 'trace':
      return traceLines(message);
    case 'dropped':
      return [pc.yellow(`Skipped ${countOf(message.samples, 'sample')}, because this terminal reads too slowly`)];
    case 'error':
      return [pc.red(`${message.code}: ${message.message}`)];
    default:
      return [];
  }
}
