import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { countOf, countText } from '../../schemas/display/numbers.js';
import type { BatchBody, BatchItem } from '../../schemas/generated/operator.js';
import { type ApiClient, type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { countDevices } from '../api/countDevices.js';
import { Failure } from '../api/failure.js';
import { collect } from '../terminal/collect.js';
import { confirm, yesOption } from '../terminal/confirm.js';
import { rowsLimit } from '../terminal/limit.js';
import { printJson, tableOf, timeText } from '../terminal/output.js';
import { parseTags } from '../terminal/tags.js';
import { type CommandOptions, commandBody, withCommandOptions } from './send.js';

const pollMs = 500;

/** `tidegate batch` */
export function addBatch(program: Command): void {
  const batch = program.command('batch').description('send one command to many devices');
  withCommandOptions(
    batch.command('send <name> [params]').description('start a batch: send a command to every device of the target'),
  )
    .option('--id <id>', 'target: this device; repeatable', collect)
    .option('--tag <name=value>', 'target: devices with this tag; if repeated, devices with all of the tags', collect)
    .option('--model <model>', 'target: devices of this model')
    .option('--all', 'target: every device; asks before it sends')
    .addOption(yesOption())
    .option('--concurrency <n>', 'how many devices may have the command in progress at once (default: 1000)')
    .option(
      '--abort-on-failure <percent>',
      'abort the batch if more than this share of all devices has failed (default: never)',
    )
    .option(
      '--follow',
      'wait for the end of the batch and show its progress; exit code 0 only if every device succeeded',
    )
    .addHelpText(
      'after',
      `\nGive exactly one target. [params] is a JSON object.\n\nExample:\n  tidegate batch send set_interval '{"seconds":60}' --tag site=north --abort-on-failure 5 --follow`,
    )
    .action(send);
  withApiOptions(batch.command('list').description('list batches, newest first'))
    .alias('ls')
    .option('--limit <n>', 'at most this many', '20')
    .action(list);
  withApiOptions(
    batch.command('show <id>').description('show how many devices of a batch are in each state, and which failed'),
  ).action(async (id: string, options: ApiOptions) => print(await read(createApiClient(options), id), options));
  for (const what of ['stop', 'resume'] as const)
    withApiOptions(
      batch
        .command(`${what} <id>`)
        .description(
          what === 'stop'
            ? 'stop a batch: it sends no more commands; those already sent continue'
            : 'resume a stopped batch',
        ),
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
  id?: string[];
  tag?: string[];
  model?: string;
  all?: boolean;
  concurrency?: string;
  abortOnFailure?: string;
  follow?: boolean;
  yes?: boolean;
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
  if (options.all)
    await confirm(`${name} is sent to every device, ${countOf(await countDevices(api), 'device')}.`, options);
  const made = await api.request<BatchBody>('POST', '/v1/command-batches', body);
  const allRefused = made.counts.refused === made.total;
  const batch = options.follow || allRefused ? await follow(api, made, options) : made;
  print(batch, options);
  if ((options.follow || allRefused) && batch.counts.succeeded !== batch.total) process.exitCode = 1;
}

/** The target of the request. Throws Failure if it is not exactly one. */
function targetOf({ id = [], tag = [], model, all }: SendOptions): object {
  const targets = [
    ...(id.length > 0 ? [{ ids: id }] : []),
    ...(tag.length > 0 ? [{ tags: parseTags(tag) }] : []),
    ...(model === undefined ? [] : [{ model }]),
    ...(all ? [{ all: true }] : []),
  ];
  if (targets.length !== 1) throw new Failure(64, 'Choose exactly one target: --id, --tag, --model or --all');
  return targets[0];
}

const read = (api: ApiClient, id: string): Promise<BatchBody> =>
  api.request<BatchBody>('GET', `/v1/command-batches/${encodeURIComponent(id)}`);

const underWayStates = ['sent', 'received', 'running'];

const sumOf = ({ counts }: BatchBody, states: string[]): number =>
  states.reduce((sum, state) => sum + (counts[state] ?? 0), 0);

/** Waits until the batch has ended and no command of it is in progress. */
async function follow(api: ApiClient, made: BatchBody, { json }: ApiOptions): Promise<BatchBody> {
  const show = json ? () => undefined : createProgress(process.stderr);
  for (let batch = made; ; batch = await read(api, made.id)) {
    show(batch);
    if (batch.endedAt !== null && sumOf(batch, underWayStates) === 0) return batch;
    await wait(pollMs);
  }
}

const waitHintAfterMs = 5_000;

/**
 * Shows how far a batch is: on a terminal one line that is rewritten, elsewhere a line at each change. If only queued commands are left
 * for 5 s, it says what they wait for.
 */
function createProgress(stream: NodeJS.WriteStream): (batch: BatchBody) => void {
  let before = '';
  let since = Date.now();
  let isHinted = false;
  return (batch) => {
    const open = sumOf(batch, ['waiting', 'queued', ...underWayStates]);
    const text = `${(batch.total - open).toLocaleString('en')} of ${countOf(batch.total, 'device')} ended: ${countsText(batch)}`;
    if (text !== before) {
      stream.write(stream.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
      since = Date.now();
      before = text;
    }
    const queued = sumOf(batch, ['queued']);
    if (!isHinted && queued > 0 && queued === open && Date.now() - since >= waitHintAfterMs) {
      isHinted = true;
      stream.write(
        `${stream.isTTY ? '\n' : ''}${countOf(queued, 'command')} can wait for offline devices until they expire (--ttl). Ctrl-C stops following; the batch continues.\n`,
      );
      before = '';
    }
    if (stream.isTTY && batch.endedAt !== null && open === 0) stream.write('\n');
  };
}

const countsText = ({ counts }: Pick<BatchBody, 'counts'>): string =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${countText(count)} ${state}`)
    .join(', ');

function print(batch: BatchBody, { json }: ApiOptions): void {
  if (json) return printJson(batch);
  const { id, name, state, total, failed } = batch;
  console.log(`Batch ${id}, ${name} to ${countOf(total, 'device')}: ${state}. ${countsText(batch)}`);
  if (failed.length === 0) return;
  const rows = failed.map((member) => [member.device, member.state, errorText(member.error), member.command ?? '–']);
  console.log(`\n${tableOf(['DEVICE', 'STATE', 'ERROR', 'COMMAND'], rows)}`);
}

/** The error of a device that could not be sent the command, or what the device reported. */
function errorText(error: BatchBody['failed'][number]['error']): string {
  if (error === null) return '';
  const { code, message, ...more } = error as { code?: unknown; message?: unknown };
  return typeof code === 'string' && typeof message === 'string' && Object.keys(more).length === 0
    ? `${message} (${code})`
    : JSON.stringify(error);
}

async function list(options: ApiOptions & { limit: string }): Promise<void> {
  const batches: BatchItem[] = [];
  for await (const item of createApiClient(options).list<BatchItem>('/v1/command-batches', rowsLimit(options.limit)))
    batches.push(item);
  if (options.json) return printJson(...batches);
  if (batches.length === 0) return console.log('No batches.');
  console.log(
    tableOf(
      ['ID', 'CREATED', 'STATE', 'NAME', 'DEVICES', 'RESULT'],
      batches.map((batch) => {
        const { id, createdAt, state, name, total } = batch;
        return [id, timeText(createdAt), state, name, countText(total), countsText(batch)];
      }),
    ),
  );
}
