import type { Command } from 'commander';
import type { CommandBody } from '../../schemas/generated/operator.js';
import { type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { printJson, tableOf, timeText } from '../terminal/output.js';

export function addCommand(program: Command): void {
  const command = program.command('command').description('look at commands, and take back queued ones');
  withApiOptions(command.command('list <device>').description('list the commands of a device, newest first'))
    .option('--limit <n>', 'at most so many', '20')
    .action(list);
  withApiOptions(
    command.command('show <id>').description('show a command with every transition, its time and its cause'),
  ).action(show);
  withApiOptions(command.command('cancel <id>').description('take back a command that is queued')).action(cancel);
}

async function list(device: string, options: ApiOptions & { limit: string }): Promise<void> {
  const path = `/v1/devices/${encodeURIComponent(device)}/commands`;
  const commands: CommandBody[] = [];
  for await (const one of createApiClient(options).list<CommandBody>(path, Number(options.limit))) commands.push(one);
  if (options.json) return printJson(commands);
  if (commands.length === 0) return console.log(`No commands. Send one: tidegate send ${device} NAME`);
  console.log(
    tableOf(
      ['ID', 'CREATED', 'STATE', 'NAME', 'PARAMS', 'OUTCOME'],
      commands.map((one) => [
        one.id,
        timeText(one.createdAt),
        one.state,
        one.name,
        JSON.stringify(one.params),
        outcomeOf(one),
      ]),
    ),
  );
}

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
