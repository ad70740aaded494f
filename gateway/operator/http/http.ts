/**
 * From an HTTP request to the handler of its route and back. http/ serves any table of routes: checks of key, query and body,
 * problems, OpenAPI, the console's files. What a route does is in routes/.
 */
import { CommandConflict, CommandError } from '../../command/errors.js';
import { ConfigError } from '../../config/config.js';
import { isRefusedRow } from '../../health/diskFailures.js';
import type { HttpRequest, HttpResponse, TemplatedApp } from '../../net/uws.js';
import { StartError } from '../../process/startError.js';
import { RegistryError } from '../../registry/errors.js';
import type { OperatorContext } from './context.js';
import { Problem, type ProblemCode, problemBody, problems } from './problems.js';
import { type CheckedRoute, checkRoute, type RequestFacts } from './requests.js';
import { Answer, type Route, Streamed } from './route.js';

const statusTexts: Record<number, string> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

const problemType = 'application/problem+json';

/** Serves the route table. uWebSockets.js ends the process if a request gets no answer, so every path through this code sends one. */
export function serveRoutes(
  app: TemplatedApp,
  routes: readonly Route[],
  context: OperatorContext,
  bodyBytesMax: number,
): void {
  const methods = new Map<string, string[]>();
  for (const route of routes) {
    const path = route.path.replace(/\{(\w+)\}/g, ':$1');
    const checked = checkRoute(route);
    const method = route.method === 'delete' ? 'del' : route.method;
    app[method](path, (res, req) => serve(res, req, checked, context, bodyBytesMax));
    methods.set(path, [...(methods.get(path) ?? []), route.method.toUpperCase()]);
  }
  for (const [path, allowed] of methods) {
    const allow = allowed.join(', ');
    app.any(path, (res) =>
      sendProblem(res, 'method_not_allowed', `This path accepts only ${allow}`, undefined, { Allow: allow }),
    );
  }
}

function serve(
  res: HttpResponse,
  req: HttpRequest,
  checked: CheckedRoute,
  context: OperatorContext,
  bodyBytesMax: number,
): void {
  const client = watch(res);
  const count = checked.route.path.split('{').length - 1;
  const facts: RequestFacts = {
    authorization: req.getHeader('authorization'),
    contentType: req.getHeader('content-type'),
    accept: req.getHeader('accept'),
    idempotencyKey: req.getHeader('idempotency-key'),
    query: req.getQuery() ?? '',
    parameters: Array.from({ length: count }, (_, i) => decodeParameter(req.getParameter(i) ?? '')),
  };
  const finish = (body: Buffer | null): void => {
    void answerFor(checked, facts, body, context).then((answer) => {
      if (answer instanceof Streamed) void sendPieces(res, client, answer, context);
      else if (!client.gone) res.cork(() => send(res, answer));
    });
  };
  if (checked.route.body === undefined) finish(null);
  else readBody(res, bodyBytesMax, finish, () => !client.gone);
}

/** The client of an answer: whether it has disconnected, and when it can be written to again. */
interface Client {
  gone: boolean;
  writable(): Promise<void>;
}

function watch(res: HttpResponse): Client {
  let wake = (): void => {};
  const client: Client = {
    gone: false,
    writable: () =>
      new Promise((resolve) => {
        wake = resolve;
      }),
  };
  res.onAborted(() => {
    client.gone = true;
    wake();
  });
  res.onWritable(() => {
    wake();
    return true;
  });
  return client;
}

/**
 * Sends pieces at the speed of the client: it requests the next piece after the one before was sent, and none after the client has
 * disconnected. A client that reads nothing for 10 s counts as disconnected (uWebSockets.js). After an error in the middle the
 * connection is closed without the last chunk of a whole answer.
 */
async function sendPieces(
  res: HttpResponse,
  client: Client,
  { contentType, pieces }: Streamed,
  context: OperatorContext,
): Promise<void> {
  try {
    if (!client.gone) res.cork(() => writeHead(res, 200).writeHeader('Content-Type', contentType));
    for await (const piece of pieces) {
      if (client.gone) return;
      if (piece.length === 0) continue;
      const drained = client.writable();
      let taken = true;
      res.cork(() => {
        taken = res.write(piece);
      });
      if (!taken) await drained;
      if (client.gone) return;
    }
    if (!client.gone) res.cork(() => res.end());
  } catch (error) {
    context.log.error({ err: error }, 'an answer failed in the middle');
    if (!client.gone) res.close();
  }
}

function decodeParameter(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Collects the body. If it exceeds the limit, the answer is 413 at once and the connection is closed. */
function readBody(res: HttpResponse, bytesMax: number, done: (body: Buffer) => void, open: () => boolean): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let over = false;
  res.onData((chunk, isLast) => {
    if (over || !open()) return;
    bytes += chunk.byteLength;
    if (bytes > bytesMax) {
      over = true;
      sendProblem(res, 'body_too_large', `A body has at most ${bytesMax} bytes`, undefined, {}, true);
      return;
    }
    chunks.push(Buffer.from(new Uint8Array(chunk)));
    if (isLast) done(Buffer.concat(chunks));
  });
}

interface Sent {
  status: number;
  body: string | null;
  contentType: string;
  headers: Record<string, string>;
}

async function answerFor(
  { route, check }: CheckedRoute,
  facts: RequestFacts,
  body: Buffer | null,
  context: OperatorContext,
): Promise<Sent | Streamed> {
  try {
    const result = await route.handle(check(facts, body, context), context);
    if (result instanceof Streamed) return result;
    if (result instanceof Answer) return { ...result, headers: {} };
    return {
      status: route.status,
      body: result === undefined ? null : JSON.stringify(result),
      contentType: 'application/json',
      headers: {},
    };
  } catch (error) {
    return problemFor(error as Error, route, context);
  }
}

function problemFor(error: Error, route: Route, context: OperatorContext): Sent {
  if (error instanceof Problem) return problem(error.code, problemBody(error.code, error.detail, error.errors));
  if (error instanceof CommandError) return problem(error.code, problemBody(error.code, error.message, error.errors));
  if (error instanceof ConfigError || error instanceof StartError)
    return problem('config_invalid', problemBody('config_invalid', error.message));
  if (error instanceof CommandConflict) return problem(error.code, problemBody(error.code, error.message));
  if (error instanceof RegistryError) return problem(error.code, problemBody(error.code, error.message));
  const { code } = error as Error & { code?: string };
  if ((code?.startsWith('SQLITE_') && !isRefusedRow(code)) || code === 'THREAD_ENDED')
    return problem('storage_unavailable', problemBody('storage_unavailable', 'Nothing was changed; try again'));
  context.log.error({ err: error, route: `${route.method} ${route.path}` }, 'an operator request failed inside');
  return problem('internal', problemBody('internal', 'See the log of the gateway'));
}

function problem(code: ProblemCode, body: string): Sent {
  const { status } = problems[code];
  const headers: Record<string, string> = status === 401 ? { 'WWW-Authenticate': 'Bearer realm="tidegate"' } : {};
  if (status === 503) headers['Retry-After'] = '2';
  return { status, body, contentType: problemType, headers };
}

function send(res: HttpResponse, { status, body, contentType, headers }: Sent): void {
  writeHead(res, status);
  for (const [name, value] of Object.entries(headers)) res.writeHeader(name, value);
  if (body === null) res.endWithoutBody();
  else res.writeHeader('Content-Type', contentType).end(body);
}

function writeHead(res: HttpResponse, status: number): HttpResponse {
  return res
    .writeStatus(statusLine(status))
    .writeHeader('Cache-Control', 'no-store')
    .writeHeader('X-Content-Type-Options', 'nosniff');
}

export function statusLine(status: number): string {
  return `${status} ${statusTexts[status] ?? 'Status'}`;
}

/** Sends a problem for a request that did not reach a route. */
export function sendProblem(
  res: HttpResponse,
  code: ProblemCode,
  detail: string,
  errors?: Problem['errors'],
  headers: Record<string, string> = {},
  closeConnection = false,
): void {
  res.writeStatus(statusLine(problems[code].status)).writeHeader('Cache-Control', 'no-store');
  for (const [name, value] of Object.entries(headers)) res.writeHeader(name, value);
  res.writeHeader('Content-Type', problemType).end(problemBody(code, detail, errors), closeConnection);
}
