import type { Command } from 'commander';
import type { CommandBody } from '../../schemas/generated/operator.js';
import { type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { rowsLimit } from '../terminal/limit.js';
import { printJson, tableOf, timeText } from '../terminal/output.js';

/** `tidegate command` */
export function addCommand(program: Command): void {
  const command = program.command('command').description('list, show and cancel commands');
  withApiOptions(
    command
      .command('list [device]')
      .description('list the commands of a device, or without one those of all devices, newest first'),
  )
    .alias('ls')
    .option('--limit <n>', 'at most this many', '20')
    .action(list);
  withApiOptions(
    command.command('show <id>').description('show a command and its history: each state with its time and cause'),
  ).action(show);
  withApiOptions(command.command('cancel <id>').description('cancel a command that is still queued')).action(cancel);
}

async function list(device: string | undefined, options: ApiOptions & { limit: string }): Promise<void> {
  const path = device === undefined ? '/v1/commands' : `/v1/devices/${encodeURIComponent(device)}/commands`;
  const commands: CommandBody[] = [];
  for await (const command of createApiClient(options).list<CommandBody>(path, rowsLimit(options.limit)))
    commands.push(command);
  if (options.json) return printJson(...commands);
  if (commands.length === 0)
    return console.log(
      device === undefined
        ? 'No commands. Send one: tidegate send DEVICE NAME'
        : `No commands for ${device}. Send one: tidegate send ${device} NAME`,
    );
  console.log(
    tableOf(
      ['ID', 'CREATED', ...(device === undefined ? ['DEVICE'] : []), 'STATE', 'NAME', 'PARAMS', 'OUTCOME'],
      commands.map((command) => [
        command.id,
        timeText(command.createdAt),
        ...(device === undefined ? [command.device] : []),
        command.state,
        command.name,
        JSON.stringify(command.params),
        outcomeOf(command),
      ]),
    ),
  );
}

/** The error, result or progress that the device reported; empty if it reported none. */
function outcomeOf({ result, error, progress }: CommandBody): string {
  const known = error ?? result ?? progress;
  return known === null ? '' : JSON.stringify(known);
}

async function show(id: string, options: ApiOptions): Promise<void> {
  const command = await createApiClient(options).request<CommandBody>('GET', `/v1/commands/${encodeURIComponent(id)}`);
  if (options.json) return printJson(command);
  const { device, name, params, state, history } = command;
  console.log(`${name} ${JSON.stringify(params)} for ${device}: ${state} ${outcomeOf(command)}`.trimEnd());
  const rows = history.map((event) => [timeText(event.at), event.state, event.cause]);
  console.log(`\n${tableOf(['TIME', 'STATE', 'CAUSE'], rows)}`);
}

async function cancel(id: string, options: ApiOptions): Promise<void> {
  await createApiClient(options).request('DELETE', `/v1/commands/${encodeURIComponent(id)}`);
  if (options.json) return printJson({ id, cancelled: true });
  console.log(`Command ${id} is cancelled.`);
}
