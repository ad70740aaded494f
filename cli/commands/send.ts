import type { Command } from 'commander';
import { type CommandState, isFinal } from '../../gateway/domain/command.js';
import type { CommandBody, CommandStateBody } from '../../schemas/generated/operator.js';
import { roundedNumbers, roundedRule } from '../../schemas/message/numbers.js';
import { type ApiClient, type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { Failure } from '../api/failure.js';
import { printJson } from '../terminal/output.js';
import { parseSpan } from '../terminal/times.js';

/** The exit code per state of a command. It is 0 only if the device reported success. */
export const exitCodes: Record<CommandState, number> = {
  succeeded: 0,
  failed: 1,
  rejected: 2,
  expired: 3,
  timed_out: 4,
  cancelled: 5,
  superseded: 5,
  device_removed: 5,
  queued: 6,
  sent: 6,
  received: 6,
  running: 6,
};

/** The options that `send` and `batch send` share. */
export interface CommandOptions extends ApiOptions {
  ttl?: string;
  deadline?: string;
  supersedes?: string;
}

/** One request waits for the final state for at most a minute, the limit of the gateway. */
const waitAtOnceMaxSeconds = 60;

/** Adds the options of CommandOptions. */
export function withCommandOptions(command: Command): Command {
  return withApiOptions(command)
    .option(
      '--ttl <time>',
      'how long the command may wait to be sent, such as 30s, 5m or 1h (default: by the model, else 1h)',
    )
    .option(
      '--deadline <time>',
      'how long the device may take to finish it once it was sent (default: by the model, else 5m)',
    )
    .option('--supersedes <word>', 'replace a queued command of the device that has the same word');
}

/** `tidegate send` */
export function addSend(program: Command): void {
  withCommandOptions(program.command('send <id> <name> [params]').description('send a command to a device'))
    .option('--wait <time>', 'wait up to this long, such as 10s or 5m, for the final state, and print it')
    .option('--idempotency-key <key>', 'make it safe to repeat the request: the same key creates no second command')
    .addHelpText(
      'after',
      `
[params] is a JSON object. With --wait, the exit code reports the final state:
0 succeeded, 1 failed, 2 rejected, 3 expired before it was sent, 4 timed out (it
may have run), 5 cancelled, superseded or device removed, 6 not final yet.

Examples:
  tidegate send boiler-7 set_interval '{"seconds":5}' --wait 10s
  tidegate send truck-1 reboot --ttl 10m`,
    )
    .action(send);
}

interface SendOptions extends CommandOptions {
  wait?: string;
  idempotencyKey?: string;
}

async function send(id: string, name: string, params: string | undefined, options: SendOptions): Promise<void> {
  const waitSeconds = options.wait === undefined ? 0 : waitSecondsOf(options.wait);
  const body = commandBody(name, params, options);
  const api = createApiClient(options);
  const key = options.idempotencyKey;
  const made = await api.request<CommandStateBody>(
    'POST',
    `/v1/devices/${encodeURIComponent(id)}/commands`,
    body,
    key === undefined ? {} : { 'idempotency-key': key },
  );
  const ended = options.wait === undefined ? made : await untilEnd(api, made, waitSeconds);
  if (options.json) printJson(ended);
  else console.log(lineOf(ended));
  if (options.wait !== undefined) process.exitCode = exitCodes[ended.state];
}

async function untilEnd(api: ApiClient, made: CommandStateBody, seconds: number): Promise<CommandStateBody> {
  let command = made;
  for (let left = seconds; left > 0 && !isFinal(command.state); left -= waitAtOnceMaxSeconds) {
    const wait = Math.min(left, waitAtOnceMaxSeconds);
    const { state, result, error } = await api.request<CommandBody>('GET', `/v1/commands/${made.id}?wait=${wait}`);
    command = { id: made.id, state, result, error };
  }
  return command;
}

function lineOf({ id, state, result, error }: CommandStateBody): string {
  const more = [result, error].filter((value) => value !== null).map((value) => ` ${JSON.stringify(value)}`);
  return `${state}${more.join('')}  (${id})`;
}

const waitMsMax = 86_400_000;

/** The value of --wait in seconds. Throws Failure. */
function waitSecondsOf(text: string): number {
  const ms = parseSpan('--wait', text);
  if (ms > waitMsMax) throw new Failure(64, `--wait ${text} is not valid. Write 1d at most`);
  return ms / 1000;
}

/** The body of a request that creates a command. Throws Failure. */
export function commandBody(name: string, params: string | undefined, options: CommandOptions): object {
  return {
    name,
    params: params === undefined ? {} : paramsOf(params),
    ...(options.ttl === undefined ? {} : { ttlSeconds: parseSpan('--ttl', options.ttl) / 1000 }),
    ...(options.deadline === undefined ? {} : { deadlineSeconds: parseSpan('--deadline', options.deadline) / 1000 }),
    ...(options.supersedes === undefined ? {} : { supersedes: options.supersedes }),
  };
}

function paramsOf(text: string): object {
  let params: unknown = null;
  try {
    params = JSON.parse(text);
  } catch {
    // The Failure below says it.
  }
  const [rounded] = params === null ? [] : roundedNumbers(text);
  if (rounded !== undefined) throw new Failure(64, `In the parameters, ${rounded}: ${roundedRule}`);
  if (typeof params === 'object' && params !== null && !Array.isArray(params)) return params;
  throw new Failure(
    64,
    `The parameters are not a JSON object: ${text}\nWrite them in single quotes, for example '{"seconds":5}'`,
  );
}
