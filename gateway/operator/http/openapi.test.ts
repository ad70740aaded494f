import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routes } from '../routes/table.js';
import { openApiOf } from './openapi.js';

interface Described {
  description?: string;
}

interface Operation extends Described {
  summary?: string;
  tags: string[];
  parameters?: (Described & { name: string; in: string })[];
  responses: Record<string, Described & { $ref?: string }>;
}

const document = openApiOf(routes, '0.0.0') as {
  info: Described;
  tags: (Described & { name: string })[];
  paths: Record<string, Record<string, Operation>>;
  components: Record<'responses' | 'securitySchemes' | 'schemas', Record<string, Described>>;
};
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ place: `${method} ${path}`, ...operation })),
);

/** A description has at least two words. A name alone is not one. */
const isText = (text: unknown): boolean => typeof text === 'string' && /^\S+ \S.*$/s.test(text);

test('every operation, parameter and response of the OpenAPI document is described', () => {
  const bare = operations.flatMap(({ place, summary, parameters = [], responses }) => [
    ...(isText(summary) ? [] : [place]),
    ...parameters.filter(({ description }) => !isText(description)).map((one) => `${place}: ${one.in} ${one.name}`),
    ...Object.entries(responses)
      .filter(([, { $ref, description }]) => $ref === undefined && !isText(description))
      .map(([status]) => `${place}: response ${status}`),
  ]);
  assert.deepEqual(bare, []);
  assert.ok(
    operations.length > 35 && operations.some(({ parameters = [] }) => parameters.some((one) => one.in === 'header')),
  );
});

test('every part that operations refer to is described: tags, shared responses, schemas, the key', () => {
  const { info, tags, components } = document;
  assert.ok(isText(info.description));
  for (const [part, entries] of Object.entries(components)) {
    for (const [name, { description }] of Object.entries(entries)) assert.ok(isText(description), `${part} ${name}`);
  }
  const described = tags.filter(({ description }) => isText(description)).map(({ name }) => name);
  assert.deepEqual([...new Set(operations.flatMap((one) => one.tags))].sort(), described.sort());
});

test('the documented parameters of a path are those of its template', () => {
  for (const { place, parameters = [] } of operations.filter(({ place }) => place.includes(' /v1/'))) {
    const named = [...place.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const given = parameters.filter((one) => one.in === 'path').map(({ name }) => name);
    assert.deepEqual(given, named, place);
  }
});
