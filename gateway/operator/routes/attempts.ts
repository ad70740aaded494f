import { encodeCursor, numberCursor, numberOf, textOf } from '../http/parameters.js';
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
      const { items, next } = attempts.list({
        device: textOf(query, 'device'),
        address: textOf(query, 'address'),
        before: numberCursor(query) ?? Number.POSITIVE_INFINITY,
        limit: numberOf(query, 'limit'),
      });
      return { items, next: next === null ? null : encodeCursor([next]) };
    },
  },
];
