import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { routes } from '../routes/table.js';
import { openApiOf } from './openapi.js';

interface Media {
  schema: object;
  example?: unknown;
}

interface Answer {
  $ref?: string;
  content?: Record<string, Media>;
}

interface Operation {
  requestBody?: { description?: string; content: Record<string, Media> };
  responses: Record<string, Answer>;
  'x-websocket'?: { send: object[]; receive: object; examples: { send: unknown; receive: unknown } };
}

const document = JSON.parse(JSON.stringify(openApiOf(routes, '0.0.0'))) as {
  paths: Record<string, Record<string, Operation>>;
  components: { responses: { problem: Answer } };
};
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ place: `${method} ${path}`, operation })),
);

/** Every place of the document that has content, with what it has. */
const contents = [
  ...operations.flatMap(({ place, operation: { requestBody, responses } }) => [
    ...Object.entries(requestBody?.content ?? {}).map(([type, media]) => ({ at: `${place}: body ${type}`, ...media })),
    ...Object.entries(responses).flatMap(([status, { content = {} }]) =>
      Object.entries(content).map(([type, media]) => ({ at: `${place}: ${status} ${type}`, ...media })),
    ),
  ]),
  ...Object.entries(document.components.responses.problem.content ?? {}).map(([type, media]) => ({
    at: type,
    ...media,
  })),
];

// The document has keywords of OpenAPI, which are not those of JSON Schema.
const ajv = new Ajv2020({ strict: false, allErrors: true }).addSchema(document, 'api');

/** What is wrong with a value by a schema of the document; null if nothing is. */
function faultOf(schema: object, value: unknown): string | null {
  const rooted = JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"api#/components'));
  return ajv.validate(rooted, value) ? null : ajv.errorsText();
}

test('every body and every answer in the OpenAPI document has an example', () => {
  assert.deepEqual(
    contents.filter(({ example }) => example === undefined || example === null).map(({ at }) => at),
    [],
  );
  assert.ok(contents.length > 50, String(contents.length));
  const bodies = operations.filter(({ operation }) => operation.requestBody !== undefined);
  assert.deepEqual(
    bodies.filter(({ operation }) => !/ /.test(operation.requestBody?.description ?? '')).map(({ place }) => place),
    [],
  );
});

test('every example is valid by the schema beside it', () => {
  for (const { at, schema, example } of contents) assert.equal(faultOf(schema, example), null, at);
  const { send, receive, examples } = document.paths['/v1/live'].get['x-websocket'] ?? assert.fail();
  assert.equal(faultOf({ anyOf: send }, examples.send), null);
  assert.equal(faultOf(receive, examples.receive), null);
});

test('an example that its schema does not allow is found', () => {
  const body = contents.find(({ at }) => at === 'post /v1/devices: body application/json') ?? assert.fail();
  assert.match(faultOf(body.schema, { ...(body.example as object), colour: 'red' }) ?? '', /additional properties/);
  assert.match(faultOf(body.schema, {}) ?? '', /'id'/);
});
