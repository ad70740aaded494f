import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadSchema, packageRoot } from '../../../schemas/load.js';
import { type Examples, readExamples } from './examples.js';
import { problems } from './problems.js';
import type { Route } from './route.js';

/** The OpenAPI 3.1 document of the route table, and of what is served beside it. */
export function openApiOf(routes: readonly Route[], version: string): object {
  const { problem, operations } = readExamples();
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    paths[route.path][route.method] = operationOf(route, operations[`${route.method} ${route.path}`]);
  }
  for (const { path, ...operation } of besideTheTable) paths[path] = { get: { tags: [areaOf(path)], ...operation } };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tidegate operator API',
      description:
        'What operators and their programs ask of the gateway. Times are Unix milliseconds. Lists return `items` and `next`: give `next` as `cursor` to get the page after it.',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    // Relative to the document, so that it is right below a path, too.
    servers: [{ url: './', description: 'The gateway that serves this document.' }],
    tags: Object.entries(areaTexts).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: schemasByName(),
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An operator key: `tgk_` and 43 characters.' },
      },
      responses: {
        problem: {
          description: `An error (RFC 9457). \`code\` is one of ${Object.keys(problems).join(', ')}.`,
          content: { 'application/problem+json': { schema: reference('problem'), example: problem } },
        },
      },
    },
  };
}

const html = { 'text/html': { schema: { type: 'string' }, example: '<!doctype html>…' } };

/** Paths that the listener serves itself: the live feed, this document, and the pages. */
export const besideTheTable = [
  {
    path: '/v1/live',
    summary: 'Opens the live feed: a WebSocket',
    description:
      'The subprotocol is `tidegate.live.v1`. The key is sent in the Authorization header or, by a browser, in one more subprotocol entry: `tidegate.auth.` and base64url of the key. The client sends `live_subscribe` and `live_unsubscribe`, and receives `live_message`. A browser does not show its page why a WebSocket was refused: the page may send the same as a plain GET with `origin`, and gets the problem that the upgrade got, or `upgrade_required` if it would be accepted.',
    operationId: 'getV1Live',
    parameters: [
      {
        name: 'origin',
        in: 'query',
        required: false,
        description: 'For a plain GET: the origin of the page that asks.',
        schema: { type: 'string' },
        example: 'https://console.example.com',
      },
    ],
    security: [{ key: [] }],
    'x-role': 'viewer',
    'x-websocket': {
      send: [reference('live_subscribe'), reference('live_unsubscribe')],
      receive: reference('live_message'),
      examples: {
        send: { type: 'subscribe', kinds: ['readings', 'presence'], devices: ['boiler-7'], snapshot: true },
        receive: { type: 'subscribed', id: '' },
      },
    },
    responses: { 101: { description: 'The WebSocket is open.' }, default: { $ref: '#/components/responses/problem' } },
  },
  {
    path: '/openapi.json',
    summary: 'Returns this document',
    operationId: 'getOpenapiJson',
    security: [],
    responses: {
      200: {
        description: 'The OpenAPI 3.1 document.',
        content: {
          'application/json': {
            schema: { type: 'object' },
            example: { openapi: '3.1.0', info: { title: 'Tidegate operator API', version: '0.1.0' }, paths: {} },
          },
        },
      },
    },
  },
  {
    path: '/docs',
    summary: 'Shows this document as a page to read and to try requests on',
    operationId: 'getDocs',
    security: [],
    responses: { 200: { description: 'The page.', content: html } },
  },
  {
    path: '/',
    summary: 'Shows the console; its other pages are /devices, /devices/{id}, /commands, /attempts and /add',
    operationId: 'getConsole',
    security: [],
    responses: { 200: { description: 'The page.', content: html } },
  },
];

function reference(name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}

function schemasByName(): Record<string, object> {
  const files = readdirSync(join(packageRoot, 'schemas', 'operator')).filter((file) => file.endsWith('.schema.json'));
  return Object.fromEntries(
    files.map((file) => {
      const name = file.replace('.schema.json', '');
      const { $schema, $id, ...schema } = loadSchema(`operator/${name}`);
      const referring = JSON.stringify(schema, (keyword, value) =>
        keyword === '$ref' ? reference(value).$ref : value,
      );
      return [name, JSON.parse(referring) as object];
    }),
  );
}

/** Routes that belong together have one tag; the first pattern that fits gives it. */
const areas: [RegExp, keyof typeof areaTexts][] = [
  [/command/, 'commands'],
  [/readings|latest|rejected/, 'readings'],
  [/devices|device-imports|device-edits|attempts|models/, 'devices'],
  [/keys|audit|session/, 'access'],
  [/^\/v1\/|metrics|livez|readyz/, 'gateway'],
];
const areaTexts = {
  devices: 'Registered devices, refused connection attempts, and device models.',
  readings: 'Stored readings, and rejected frames.',
  commands: 'Commands to devices, single or in batches.',
  access: 'Operator keys, and the audit log.',
  gateway: 'The gateway itself: its state, its metrics, the live feed, backups and other jobs.',
  pages: 'Pages for browsers.',
};
const areaOf = (path: string): keyof typeof areaTexts => areas.find(([pattern]) => pattern.test(path))?.[1] ?? 'pages';

type OperationExamples = Examples['operations'][string] | undefined;

function operationOf(route: Route, examples: OperationExamples): object {
  const content = contentOf(route, examples);
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
            description: wordsOf(route.body),
            required: !route.bodyOptional,
            content: { 'application/json': { schema: reference(route.body), example: examples?.body } },
          },
        }),
    responses: {
      [route.status]: {
        description: route.answer === undefined ? withoutSchema(route) : wordsOf(route.answer),
        ...(content === null ? {} : { content }),
      },
      ...Object.fromEntries(
        Object.entries(route.alsoStatus ?? {}).map(([status, answer]) => [
          status,
          {
            description: wordsOf(answer),
            content: {
              'application/json': {
                schema: reference(answer),
                example: examples?.answers[`${status} application/json`],
              },
            },
          },
        ]),
      ),
      default: { $ref: '#/components/responses/problem' },
    },
  };
}

const wordsOf = (schema: string): string => String(loadSchema(`operator/${schema}`).description);
const withoutSchema = ({ contentType }: Route): string =>
  contentType === undefined ? 'It is done. The answer has no body.' : `Text of the type ${contentType}.`;

function contentOf({ status, answer, contentType, alsoAs = [] }: Route, examples: OperationExamples): object | null {
  const withExample = (type: string, schema: object): object => ({
    // A type in the route may have parameters, and the examples have the type alone.
    [type]: { schema, example: examples?.answers[`${status} ${type.split(';')[0]}`] },
  });
  const text = (type: string): object => withExample(type, { type: 'string' });
  const texts: object = Object.assign({}, ...alsoAs.map(text));
  if (answer !== undefined) return { ...withExample('application/json', reference(answer)), ...texts };
  return contentType === undefined ? null : text(contentType);
}

/** What a path parameter names, by the part of the path before it. */
const namedIn: Record<string, string> = {
  devices: 'The id of the device.',
  credentials: 'The id of the credential, its `cid`.',
  rejected: 'The id of the rejected frame, its `rid`.',
  commands: 'The id of the command.',
  'command-batches': 'The id of the batch.',
  keys: 'The id of the operator key.',
  jobs: 'The id of the job.',
};

function parametersOf({ path, query, headers = {} }: Route): object[] {
  const inPath = [...path.matchAll(/([\w-]+)\/\{(\w+)\}/g)].map(([, before, name]) => ({
    name,
    in: 'path',
    description: namedIn[before],
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
  const inHeader = Object.entries(headers).map(([name, description]) => ({
    name,
    in: 'header',
    description,
    schema: { type: 'string' },
  }));
  return [...inPath, ...inQuery, ...patterns, ...inHeader];
}
