import { decodeCursor, encodeCursor } from '../http/parameters.js';
import type { Route } from '../http/route.js';
import { pageQuery } from './paging.js';

export const attemptRoutes: Route[] = [
  {
    method: 'get',
    path: '/v1/attempts',
    summary: 'Lists refused connection attempts with the reason, newest first, since the start of the gateway',
    role: 'viewer',
    query: {
      properties: {
        ...pageQuery,
        device: { type: 'string', description: 'Only attempts that offered this device id.' },
        address: { type: 'string', description: 'Only attempts from this IP address.' },
      },
    },
    status: 200,
    answer: 'attempt_page',
    handle({ query }, { attempts }) {
      const { device, address, limit, cursor } = query as { [name: string]: string | undefined } & { limit: number };
      const before = cursor === undefined ? Number.POSITIVE_INFINITY : decodeCursor<[number]>(cursor, ['number'])[0];
      const { items, next } = attempts.list({ device, address, before, limit });
      return { items, next: next === null ? null : encodeCursor([next]) };
    },
  },
];
