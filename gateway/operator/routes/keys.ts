import { type AuditAction, auditActionNames } from '../../../schemas/tables/auditActions.js';
import type { AuditQuery } from '../../domain/operators.js';
import { encodeCursor, numberCursor, numberOf, type Query, textOf } from '../http/parameters.js';
import { Problem } from '../http/problems.js';
import { byOf, noContent, type Route, withBody } from '../http/route.js';
import { pageQuery, rangeOf, rangeQuery } from './paging.js';

const auditQuery = {
  by: {
    type: 'string',
    description: 'Only changes by this operator key, by its id; or by `mqtt`, `cli` or `gateway`.',
  },
  action: { type: 'string', enum: auditActionNames, description: 'Only changes of this kind.' },
  subject: {
    type: 'string',
    description: 'Only changes of the device, batch or key with this id, or of the gateway by its name.',
  },
  ...rangeQuery('change'),
};

/** Throws range_invalid. */
function filterOf(query: Query): Omit<AuditQuery, 'before' | 'limit'> {
  const [from, to] = rangeOf(query);
  return {
    by: textOf(query, 'by') ?? null,
    // The schema of the query allows no other text.
    action: (textOf(query, 'action') as AuditAction | undefined) ?? null,
    subject: textOf(query, 'subject') ?? null,
    from,
    to,
  };
}

export const keyRoutes: Route[] = [
  {
    method: 'get',
    path: '/v1/keys',
    summary: 'Lists operator keys, without their texts',
    role: 'admin',
    status: 200,
    answer: 'key_page',
    handle: (_request, { keys }) => ({
      items: keys.all().map(({ hash: _, ...shown }) => shown),
      next: null,
    }),
  },
  withBody('key_create', {
    method: 'post',
    path: '/v1/keys',
    summary: 'Creates an operator key; its text is shown this once only',
    role: 'admin',
    status: 201,
    answer: 'new_key',
    handle(request, { keys, clock }) {
      const { name, role, notAfter = null } = request.body;
      if (notAfter !== null && notAfter <= clock.now())
        throw new Problem('window_invalid', `notAfter ${notAfter} is in the past`);
      return keys.create({ name, role, notAfter }, byOf(request));
    },
  }),
  {
    method: 'delete',
    path: '/v1/keys/{id}',
    summary: 'Revokes an operator key',
    role: 'admin',
    status: 204,
    async handle(request, { keys }) {
      const [id] = request.parameters;
      if (!(await keys.revoke(id, byOf(request)))) throw new Problem('key_unknown', `There is no key ${id}`);
      return noContent;
    },
  },
  {
    method: 'get',
    path: '/v1/audit',
    summary: 'Lists who changed what and when, newest first',
    role: 'admin',
    query: { properties: { ...pageQuery, ...auditQuery } },
    status: 200,
    answer: 'audit_page',
    async handle({ query }, { read }) {
      const limit = numberOf(query, 'limit');
      const rows = await read('audit', { ...filterOf(query), before: numberCursor(query), limit: limit + 1 });
      const items = rows.slice(0, limit);
      return { items, next: rows.length > limit ? encodeCursor([items[limit - 1].id]) : null };
    },
  },
];
