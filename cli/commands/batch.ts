import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import type { BatchBody, BatchItem } from '../../schemas/generated/operator.js';
import { type ApiClient, type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { Failure } from '../api/failure.js';
import { collect } from '../terminal/collect.js';
import { printJson, tableOf, timeText } from '../terminal/output.js';
import { parseTags } from './device.js';
import { type CommandOptions, commandBody, withCommandOptions } from './send.js';

const pollMs = 500;

export function addBatch(program: Command): void {
  const batch = program.command('batch').description('one command for many devices');
  withCommandOptions(batch.command('send <name> [params]').description('send a command to devices'))
    .option('--id <id>', 'to this device; repeatable', collect, [] as string[])
    .option('--tag <name=value>', 'to devices with this tag; repeatable: with all of them', collect, [] as string[])
    .option('--model <model>', 'to the devices of this model')
    .option('--all', 'to every device')
    .option('--concurrency <n>', 'devices that have it under way at a time; default 1000')
    .option('--abort-on-failure <percent>', 'given up when more than this share of all has failed')
    .option('--follow', 'show how it goes until its end; exit code 0 only where every device succeeded')
    .addHelpText(
      'after',
      `\nExample:\n  tidegate batch send set_interval '{"seconds":60}' --tag site=north --abort-on-failure 5 --follow`,
    )
    .action(send);
  withApiOptions(batch.command('list').description('list batches, newest first'))
    .option('--limit <n>', 'at most so many', '20')
    .action(list);
  withApiOptions(batch.command('show <id>').description('show a batch: devices by state, and which failed')).action(
    async (id: string, options: ApiOptions) => print(await one(createApiClient(options), id), options),
  );
  for (const what of ['stop', 'resume'] as const)
    withApiOptions(
      batch
        .command(`${what} <id>`)
        .description(what === 'stop' ? 'send nothing more of it; what is under way goes on' : 'go on with it'),
    ).action(async (id: string, options: ApiOptions) =>
      print(
        await createApiClient(options).request<BatchBody>(
          'POST',
          `/v1/command-batches/${encodeURIComponent(id)}/${what}`,
        ),
        options,
      ),
    );
}

interface SendOptions extends CommandOptions {
  id: string[];
  tag: string[];
  model?: string;
  all?: boolean;
  concurrency?: string;
  abortOnFailure?: string;
  follow?: boolean;
}

async function send(name: string, params: string | undefined, options: SendOptions): Promise<void> {
  const { concurrency, abortOnFailure } = options;
  const body = {
    ...commandBody(name, params, options),
    target: targetOf(options),
    ...(concurrency === undefined ? {} : { concurrency: Number(concurrency) }),
    ...(abortOnFailure === undefined ? {} : { abortOnFailurePercent: Number(abortOnFailure) }),
  };
  const api = createApiClient(options);
  const made = await api.request<BatchBody>('POST', '/v1/command-batches', body);
  const batch = options.follow ? await follow(api, made, options) : made;
  print(batch, options);
  if (options.follow && batch.counts.succeeded !== batch.total) process.exitCode = 1;
}

function targetOf({ id, tag, model, all }: SendOptions): object {
  const targets = [
    ...(id.length > 0 ? [{ ids: id }] : []),
    ...(tag.length > 0 ? [{ tags: parseTags(tag) }] : []),
    ...(model === undefined ? [] : [{ model }]),
    ...(all ? [{ all: true }] : []),
  ];
  if (targets.length !== 1)
    throw new Failure(64, 'Say whom it is for by exactly one of --id, --tag, --model and --all');
  return targets[0];
}

const one = (api: ApiClient, id: string): Promise<BatchBody> =>
  api.request<BatchBody>('GET', `/v1/command-batches/${encodeURIComponent(id)}`);

async function follow(api: ApiClient, made: BatchBody, { json }: ApiOptions): Promise<BatchBody> {
  const shows = process.stderr.isTTY && !json;
  for (let batch = made; ; batch = await one(api, made.id)) {
    if (shows) process.stderr.write(`\r${countsText(batch)} `);
    const underWay = ['sent', 'received', 'running'].some((state) => (batch.counts[state] ?? 0) > 0);
    if (batch.endedAt !== null && !underWay) {
      if (shows) process.stderr.write('\n');
      return batch;
    }
    await wait(pollMs);
  }
}

const countsText = ({ counts }: BatchBody): string =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ');

function print(batch: BatchBody, { json }: ApiOptions): void {
  if (json) return printJson(batch);
  const { id, name, state, total, failed } = batch;
  console.log(`Batch ${id}, ${name} to ${total} devices: ${state}. ${countsText(batch)}`);
  if (failed.length === 0) return;
  const rows = failed.map((member) => [
    member.device,
    member.state,
    member.error === null ? '' : JSON.stringify(member.error),
    member.command ?? '–',
  ]);
  console.log(`\n${tableOf(['DEVICE', 'STATE', 'ERROR', 'COMMAND'], rows)}`);
}

async function list(options: ApiOptions & { limit: string }): Promise<void> {
  const batches: BatchItem[] = [];
  for await (const item of createApiClient(options).list<BatchItem>('/v1/command-batches', Number(options.limit)))
    batches.push(item);
  if (options.json) return printJson(batches);
  if (batches.length === 0) return console.log('No batches.');
  console.log(
    tableOf(
      ['ID', 'CREATED', 'STATE', 'NAME', 'DEVICES'],
      batches.map(({ id, createdAt, state, name, total }) => [id, timeText(createdAt), state, name, String(total)]),
    ),
  );
}
