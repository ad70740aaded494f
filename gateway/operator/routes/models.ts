import type { Model } from '../../domain/model.js';
import type { Route } from '../http/route.js';

/** Whatever a model leaves out is said. */
function bodyOf({ name, description, expectedIntervalSeconds, metrics, commands = [] }: Model) {
  return {
    name,
    description: description ?? null,
    expectedIntervalSeconds: expectedIntervalSeconds ?? null,
    metrics: metrics.map(({ number, name: metric, unit = null, kind = 'number', scale = 1, range = null }) => ({
      number,
      name: metric,
      unit,
      kind,
      scale,
      range,
    })),
    commands: commands.map((command) => ({
      name: command.name,
      description: command.description ?? null,
      params: command.params ?? { type: 'object' },
      ttlSeconds: command.ttlSeconds ?? null,
      deadlineSeconds: command.deadlineSeconds ?? null,
    })),
  };
}

/** What a page needs to know before it can offer anything. */
export const modelRoutes: Route[] = [
  {
    method: 'get',
    path: '/v1/models',
    summary: 'Lists the device models with their metrics and commands',
    role: 'viewer',
    status: 200,
    answer: 'model_page',
    handle: (_request, { models }) => ({ items: [...models.values()].map(bodyOf), next: null }),
  },
  {
    method: 'get',
    path: '/v1/session',
    summary:
      'Shows the name and role of the key of this request, where devices connect, and the map server of the console',
    role: 'viewer',
    status: 200,
    answer: 'session',
    handle({ key }, { devicePort, deviceTls, deviceUrl, mapTiles }) {
      return { id: key?.id, name: key?.name, role: key?.role, devicePort, deviceTls, deviceUrl, mapTiles };
    },
  },
];
