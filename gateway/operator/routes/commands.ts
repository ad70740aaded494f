import type { BatchCreate, CommandCreate } from '../../../schemas/generated/operator.js';
import { newCommandOf } from '../../command/creation.js';
import { type CommandState, type CommandView, commandStates } from '../../domain/command.js';
import type { Device } from '../../domain/device.js';
import type { OperatorContext } from '../http/context.js';
import { decodeCursor, encodeCursor, numberOf, textCursor, textOf } from '../http/parameters.js';
import { Problem } from '../http/problems.js';
import { byOf, noContent, type OperatorRequest, type Route, withBody } from '../http/route.js';
import { deviceOf } from './devices.js';
import { pageQuery, rangeOf, rangeQuery } from './paging.js';
import { targetOf } from './targets.js';

const failedMax = 1_000;

const waitQuery = {
  wait: {
    type: 'number',
    minimum: 0,
    maximum: 60,
    default: 0,
    description: 'How many seconds to wait for the final state of the command before answering.',
  },
};

/** The command as it is on disk. Throws command_unknown. */
async function viewOf(id: string, { read }: OperatorContext): Promise<CommandView> {
  const view = await read('command', id);
  if (view === null) throw new Problem('command_unknown', `There is no command ${id}`);
  return view;
}

function bodyOf(view: CommandView, { commands, redact }: OperatorContext) {
  const { id, device, name, state, result, error, createdAt, expiresAt, endedAt, supersedes, by, batch } = view;
  return {
    id,
    device,
    name,
    params: redact(view),
    state,
    result,
    error,
    progress: commands.progressOf(id),
    createdAt,
    expiresAt,
    endedAt,
    supersedes,
    by,
    batch,
    history: view.history,
  };
}

async function create(request: OperatorRequest<CommandCreate>, context: OperatorContext) {
  const device = deviceOf(request, context);
  const key = request.idempotencyKey === '' ? null : request.idempotencyKey;
  if (key !== null && key.length > 255)
    throw new Problem('query_invalid', 'The Idempotency-Key has more than 255 characters');
  const { body } = request;
  const { commands } = context;
  const { id } = await commands.create(device, newCommandOf(body), byOf(request), key, commands.hashOf(device, body));
  const waited = await commands.wait(id, numberOf(request.query, 'wait') * 1000);
  const { state, result, error } = waited.outcome === 'ended' ? waited : await viewOf(id, context);
  return { id, state, result, error };
}

async function list(request: OperatorRequest, context: OperatorContext) {
  const { query } = request;
  const limit = numberOf(query, 'limit');
  const before = textCursor(query);
  const rows = await context.read('commands', { deviceKey: deviceOf(request, context).key, before, limit: limit + 1 });
  const items = rows.slice(0, limit).map((view) => bodyOf(view, context));
  return { items, next: rows.length > limit ? encodeCursor([items[limit - 1].id]) : null };
}

/** The commands of all devices. Throws device_unknown, range_invalid, cursor_invalid. */
async function history({ query }: OperatorRequest, context: OperatorContext) {
  const limit = numberOf(query, 'limit');
  const [from, to] = rangeOf(query);
  const cursor = textOf(query, 'cursor');
  const [createdAt, id] = cursor === undefined ? [] : decodeCursor(cursor, ['number', 'string']);
  const device = textOf(query, 'device');
  const rows = await context.read('allCommands', {
    deviceKey: device === undefined ? null : keyOf(device, context),
    name: textOf(query, 'name') ?? null,
    // The schema of the query allows no other text.
    state: (textOf(query, 'state') as CommandState | undefined) ?? null,
    from,
    to,
    after: createdAt === undefined || id === undefined ? null : { createdAt, id },
    limit: limit + 1,
  });
  const items = rows.slice(0, limit).map((view) => bodyOf(view, context));
  const last = items.at(-1);
  return { items, next: rows.length > limit && last ? encodeCursor([last.createdAt, last.id]) : null };
}

function keyOf(device: string, { registry }: OperatorContext): number {
  const found = registry.get(device);
  if (found === undefined) throw new Problem('device_unknown', `There is no device ${device}`);
  return found.key;
}

async function cancel(request: OperatorRequest, context: OperatorContext) {
  const [id] = request.parameters;
  await viewOf(id, context);
  await context.commands.cancel(id, byOf(request));
  return noContent;
}

/** The devices of a batch. Throws device_unknown, model_unknown, target_empty. */
function targets({ target }: BatchCreate, context: OperatorContext): Device[] {
  const { devices, unknown } = targetOf(target, context);
  if (unknown.length > 0) throw new Problem('device_unknown', `There is no device ${unknown[0]}`);
  return devices;
}

async function batchOf(id: string, context: OperatorContext) {
  const batch = await context.read('batch', id, failedMax);
  if (batch === null) throw new Problem('batch_unknown', `There is no batch ${id}`);
  const { name, target, state, total, concurrency, abortOnFailurePercent, createdAt, endedAt, by } = batch;
  return {
    id,
    name,
    params: context.redact(batch),
    target,
    state,
    total,
    concurrency,
    abortOnFailurePercent,
    createdAt,
    endedAt,
    by,
    counts: batch.counts,
    failed: batch.failed,
  };
}

export const commandRoutes: Route[] = [
  withBody('command_create', {
    method: 'post',
    path: '/v1/devices/{id}/commands',
    summary: 'Creates a command for a device',
    role: 'operator',
    query: { properties: waitQuery },
    headers: {
      'Idempotency-Key':
        'A text of your choice, at most 255 characters. A second request with the same key and body makes no second command and answers with the first; with another body it is refused.',
    },
    status: 202,
    answer: 'command_state',
    handle: create,
  }),
  {
    method: 'get',
    path: '/v1/devices/{id}/commands',
    summary: 'Lists the commands of a device with their history, newest first',
    role: 'viewer',
    query: { properties: pageQuery },
    status: 200,
    answer: 'command_page',
    handle: list,
  },
  {
    method: 'get',
    path: '/v1/commands',
    summary: 'Lists the commands of all devices with their history, newest first',
    role: 'viewer',
    query: {
      properties: {
        ...pageQuery,
        device: { type: 'string', description: 'Only commands for this device, by its id.' },
        name: { type: 'string', description: 'Only commands of this name.' },
        state: { type: 'string', enum: commandStates, description: 'Only commands in this state.' },
        ...rangeQuery('command'),
      },
    },
    status: 200,
    answer: 'command_page',
    handle: history,
  },
  {
    method: 'get',
    path: '/v1/commands/{cid}',
    summary: 'Shows a command with its history',
    role: 'viewer',
    query: { properties: waitQuery },
    status: 200,
    answer: 'command',
    async handle({ parameters: [id], query }, context) {
      await viewOf(id, context);
      await context.commands.wait(id, numberOf(query, 'wait') * 1000);
      return bodyOf(await viewOf(id, context), context);
    },
  },
  {
    method: 'delete',
    path: '/v1/commands/{cid}',
    summary: 'Cancels a queued command; 409 if it was sent already',
    role: 'operator',
    status: 204,
    handle: cancel,
  },
  withBody('batch_create', {
    method: 'post',
    path: '/v1/command-batches',
    summary: 'Creates a command batch: one command for many devices, by ids, tags, model or all',
    role: 'operator',
    status: 202,
    answer: 'batch',
    async handle(request, context) {
      const { body } = request;
      const { target, concurrency, abortOnFailurePercent } = body;
      const wanted = {
        ...newCommandOf(body),
        target,
        ...(concurrency === undefined ? {} : { concurrency }),
        ...(abortOnFailurePercent === undefined ? {} : { abortOnFailurePercent }),
      };
      const { id } = await context.batches.create(targets(body, context), wanted, byOf(request));
      return batchOf(id, context);
    },
  }),
  {
    method: 'get',
    path: '/v1/command-batches',
    summary: 'Lists command batches, newest first',
    role: 'viewer',
    query: { properties: pageQuery },
    status: 200,
    answer: 'batch_page',
    async handle({ query }, context) {
      const limit = numberOf(query, 'limit');
      const before = textCursor(query);
      const rows = await context.read('batches', { before, limit: limit + 1 });
      const items = rows.slice(0, limit).map(({ ttlMs: _, deadlineMs: __, supersedes: ___, secrets, ...batch }) => ({
        ...batch,
        params: context.redact({ ...batch, secrets }),
      }));
      return { items, next: rows.length > limit ? encodeCursor([items[limit - 1].id]) : null };
    },
  },
  {
    method: 'get',
    path: '/v1/command-batches/{bid}',
    summary: 'Shows a command batch: how many devices are in which state, and which failed',
    role: 'viewer',
    status: 200,
    answer: 'batch',
    handle: ({ parameters: [id] }, context) => batchOf(id, context),
  },
  ...(['stop', 'resume'] as const).map(
    (what): Route => ({
      method: 'post',
      path: `/v1/command-batches/{bid}/${what}`,
      summary:
        what === 'stop'
          ? 'Stops a command batch: no further command of it is sent; commands under way continue'
          : 'Resumes a stopped command batch',
      role: 'operator',
      status: 200,
      answer: 'batch',
      async handle(request, context) {
        const [id] = request.parameters;
        await batchOf(id, context);
        await context.batches[what](id, byOf(request));
        return batchOf(id, context);
      },
    }),
  ),
];
