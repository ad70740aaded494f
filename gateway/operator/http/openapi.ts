import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadSchema, packageRoot } from '../../../schemas/load.js';
import { problems } from './problems.js';
import type { Route } from './route.js';

/** The OpenAPI 3.1 document of the route table, and of what is served beside it. */
export function openApiOf(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    paths[route.path][route.method] = operationOf(route);
  }
  for (const { path, ...operation } of besideTheTable) paths[path] = { get: { tags: [areaOf(path)], ...operation } };
  return {
    openapi: '3.1.0',
    info: { title: 'Tidegate operator API', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: {
      schemas: schemasByName(),
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An operator key, tgk_…' } },
      responses: {
        problem: {
          description: `An error (RFC 9457); code is one of ${Object.keys(problems).join(', ')}`,
          content: { 'application/problem+json': { schema: reference('problem') } },
        },
      },
    },
  };
}

const html = { 'text/html': { schema: { type: 'string' } } };

/** Served by the listener itself: they are no requests with an answer in JSON, or are this document. */
export const besideTheTable = [
  {
    path: '/v1/live',
    summary: 'What happens, as it happens: a WebSocket',
    description:
      'Subprotocol tidegate.live.v1. The key comes in the Authorization header or, from a browser, in one more subprotocol entry: tidegate.auth. and base64url of the key. The client sends live_subscribe and live_unsubscribe, and hears live_message.',
    operationId: 'getV1Live',
    security: [{ key: [] }],
    'x-role': 'viewer',
    'x-websocket': {
      send: [reference('live_subscribe'), reference('live_unsubscribe')],
      receive: reference('live_message'),
    },
    responses: { 101: { description: 'The link is open' }, default: { $ref: '#/components/responses/problem' } },
  },
  {
    path: '/openapi.json',
    summary: 'This document',
    operationId: 'getOpenapiJson',
    security: [],
    responses: { 200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } } },
  },
  {
    path: '/docs',
    summary: 'This document as a page to read and to try out',
    operationId: 'getDocs',
    security: [],
    responses: { 200: { description: 'A page', content: html } },
  },
  {
    path: '/',
    summary: 'The console; its other pages are /devices, /devices/{id}, /commands, /attempts and /add',
    operationId: 'getConsole',
    security: [],
    responses: { 200: { description: 'A page', content: html } },
  },
];

function reference(name: string): object {
  return { $ref: `#/components/schemas/${name}` };
}

function schemasByName(): Record<string, object> {
  const files = readdirSync(join(packageRoot, 'schemas', 'operator')).filter((file) => file.endsWith('.schema.json'));
  return Object.fromEntries(
    files.map((file) => {
      const name = file.replace('.schema.json', '');
      const { $schema, $id, ...schema } = loadSchema(`operator/${name}`);
      return [name, schema];
    }),
  );
}

/** What belongs together; the first pattern that fits. */
const areas: [RegExp, string][] = [
  [/command/, 'commands'],
  [/readings|latest|rejected/, 'readings'],
  [/devices|device-imports|attempts|models/, 'devices'],
  [/keys|audit|session/, 'access'],
  [/^\/v1\/|metrics|livez|readyz/, 'gateway'],
];
const areaOf = (path: string): string => areas.find(([pattern]) => pattern.test(path))?.[1] ?? 'pages';

function operationOf(route: Route): object {
  const content = contentOf(route);
  return {
    tags: [areaOf(route.path)],
    summary: route.summary,
    operationId: `${route.method}${route.path.replace(/[^A-Za-z0-9]+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
    ...(route.role === null ? { security: [] } : { security: [{ key: [] }], 'x-role': route.role }),
    parameters: parametersOf(route),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: !route.bodyOptional,
            content: { 'application/json': { schema: reference(route.body) } },
          },
        }),
    responses: {
      [route.status]: { description: route.summary, ...(content === null ? {} : { content }) },
      default: { $ref: '#/components/responses/problem' },
    },
  };
}

function contentOf({ answer, contentType, alsoAs = [] }: Route): object | null {
  const texts = Object.fromEntries(alsoAs.map((type) => [type, { schema: { type: 'string' } }]));
  if (answer !== undefined) return { 'application/json': { schema: reference(answer) }, ...texts };
  return contentType === undefined ? null : { [contentType]: { schema: { type: 'string' } } };
}

function parametersOf({ path, query }: Route): object[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inQuery = Object.entries(query?.properties ?? {}).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    description,
    schema,
  }));
  const patterns = Object.values(query?.patternProperties ?? {}).map(({ description, ...schema }) => ({
    name: 'tag',
    in: 'query',
    description,
    style: 'form',
    explode: true,
    schema: { type: 'object', additionalProperties: schema },
  }));
  return [...inPath, ...inQuery, ...patterns];
}
