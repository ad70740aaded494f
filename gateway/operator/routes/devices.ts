import type { DeviceImport } from '../../../schemas/generated/operator.js';
import type { Device } from '../../domain/device.js';
import type { Presence } from '../../domain/presence.js';
import type { OperatorContext } from '../http/context.js';
import { encodeCursor, numberOf, textCursor } from '../http/parameters.js';
import { Problem } from '../http/problems.js';
import { Answer, byOf, noContent, type OperatorRequest, type Route, withBody } from '../http/route.js';
import { pageQuery } from './paging.js';

/** The device that the path names. Throws device_unknown. */
export function deviceOf({ parameters }: OperatorRequest, { registry }: OperatorContext): Device {
  const device = registry.get(parameters[0]);
  if (device === undefined) throw new Problem('device_unknown', `There is no device ${parameters[0]}`);
  return device;
}

function bodyOf(device: Device, { presence }: OperatorContext) {
  const { id, name, notes, model, tags, state, createdAt, attributes } = device;
  return { id, name, notes, model, tags, state, createdAt, presence: presence(device), attributes };
}

/** Throws model_unknown if there is no such model. */
export function needModel(model: string | null | undefined, { models }: OperatorContext): void {
  if (model === null || model === undefined || models.has(model)) return;
  throw new Problem(
    'model_unknown',
    `There is no model ${model}; the gateway has ${[...models.keys()].join(', ') || 'none'}`,
  );
}

/** Ids in order. Sorted again only when devices came or went. */
const sorted = new WeakMap<object, { size: number; newest: number; ids: string[] }>();

function idsInOrder({ registry }: OperatorContext): string[] {
  let newest = 0;
  for (const { key } of registry.all()) newest = Math.max(newest, key);
  const known = sorted.get(registry);
  if (known !== undefined && known.size === registry.size() && known.newest === newest) return known.ids;
  const ids = Array.from(registry.all(), ({ id }) => id).sort();
  sorted.set(registry, { size: registry.size(), newest, ids });
  return ids;
}

function hasPresence({ online, state }: Presence, { connected, presence }: OperatorRequest['query']): boolean {
  return (connected === undefined || online === connected) && (presence === undefined || state === presence);
}

function list({ query }: OperatorRequest, context: OperatorContext) {
  const limit = numberOf(query, 'limit');
  const after = textCursor(query) ?? '';
  const tags = Object.entries(query).filter(([name]) => name.startsWith('tag.'));
  const items = [];
  for (const id of idsInOrder(context)) {
    const device = id > after ? context.registry.get(id) : undefined;
    if (device === undefined || tags.some(([name, value]) => device.tags[name.slice(4)] !== value)) continue;
    if (!hasPresence(context.presence(device), query)) continue;
    if (items.length === limit) return { items, next: encodeCursor([items[limit - 1].id]) };
    items.push(bodyOf(device, context));
  }
  return { items, next: null };
}

async function importDevices(request: OperatorRequest<DeviceImport>, context: OperatorContext) {
  const { devices } = request.body;
  for (const model of new Set(devices.map((device) => device.model))) needModel(model, context);
  return { items: await context.registry.createMany(devices, byOf(request)) };
}

export const deviceRoutes: Route[] = [
  withBody('device_create', {
    method: 'post',
    path: '/v1/devices',
    summary: 'Registers a device; the secret is shown this once only',
    role: 'operator',
    status: 201,
    answer: 'new_credential',
    async handle(request, context) {
      const { body: wanted } = request;
      needModel(wanted.model, context);
      return (await context.registry.createMany([wanted], byOf(request)))[0];
    },
  }),
  withBody('device_import', {
    method: 'post',
    path: '/v1/device-imports',
    summary: 'Registers up to 5,000 devices together, or none of them; their secrets are shown this once only',
    role: 'operator',
    status: 201,
    answer: 'device_imported',
    handle: importDevices,
  }),
  {
    method: 'get',
    path: '/v1/devices',
    summary: 'Lists devices in the order of their ids',
    role: 'viewer',
    query: {
      properties: {
        ...pageQuery,
        connected: {
          type: 'boolean',
          description: 'With true only devices that have a link, with false only devices that have none.',
        },
        presence: {
          type: 'string',
          enum: ['never', 'online', 'late', 'asleep', 'offline'],
          description: 'Only devices in this state of presence.',
        },
      },
      patternProperties: {
        '^tag\\.[A-Za-z0-9_-]{1,64}$': {
          type: 'string',
          description:
            'Only devices with this tag, for example `tag.site=north`. Several such parameters must all hold.',
        },
      },
    },
    status: 200,
    answer: 'device_page',
    handle: list,
  },
  {
    method: 'get',
    path: '/v1/devices/{id}',
    summary: 'Shows a device',
    role: 'viewer',
    status: 200,
    answer: 'device',
    handle: (request, context) => bodyOf(deviceOf(request, context), context),
  },
  withBody('device_patch', {
    method: 'patch',
    path: '/v1/devices/{id}',
    summary: 'Changes name, notes, model, tags or state of a device; disabling it closes its link at once',
    role: 'operator',
    status: 200,
    answer: 'device',
    async handle(request, context) {
      const { body: patch } = request;
      needModel(patch.model, context);
      return bodyOf(await context.registry.update(deviceOf(request, context).id, patch, byOf(request)), context);
    },
  }),
  {
    method: 'delete',
    path: '/v1/devices/{id}',
    summary: 'Removes a device and its credentials; its readings age out, or a job erases them',
    role: 'operator',
    query: {
      properties: {
        data: {
          type: 'string',
          enum: ['erase'],
          description:
            'With `erase` a job removes the readings of the device from every file; the answer is then 202 with the job. Without it they stay until they are as old as the retention.',
        },
      },
    },
    status: 204,
    alsoStatus: { 202: 'job' },
    async handle(request, context) {
      const erase = request.query.data === 'erase';
      const device = await context.registry.remove(deviceOf(request, context).id, byOf(request), erase);
      if (!erase) return noContent;
      const { id, key, createdAt } = device;
      return new Answer(202, JSON.stringify(context.jobs.erase({ id, key, createdAt })), 'application/json');
    },
  },
];
