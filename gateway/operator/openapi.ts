import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadSchema, packageRoot } from '../../schemas/packageRoot.js';
import { problems } from './problems.js';
import type { Route } from './route.js';

/** The OpenAPI 3.1 document of the route table. */
export function openApiOf(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    paths[route.path][route.method] = operationOf(route);
  }
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

const reference = (name: string): object => ({ $ref: `#/components/schemas/${name}` });

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

function operationOf(route: Route): object {
  const content = contentOf(route);
  return {
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
