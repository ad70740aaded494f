import type { Command } from 'commander';
import pc from 'picocolors';
import WebSocket from 'ws';
import { untilSignal } from '../../device-sim/run/untilSignal.js';
import { countOf } from '../../schemas/display/numbers.js';
import type { LiveMessage } from '../../schemas/generated/operator.js';
import { valueText } from '../../schemas/message/valueText.js';
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
    socket.on('open', () => socket?.send(JSON.stringify(subscription)));
    socket.on('message', (data) => print(JSON.parse(String(data)) as LiveMessage, options.json === true));
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

function print(message: LiveMessage, json: boolean): void {
  if (json) return console.log(JSON.stringify(message));
  for (const line of linesOf(message)) console.log(line);
}

function linesOf(message: LiveMessage): string[] {
  switch (message.type) {
    case 'readings':
      return message.readings.map(
        ({ metric, ts, value }) => `${pc.dim(timeText(ts))}  ${message.device}  ${metric} ${pc.bold(valueText(value))}`,
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
