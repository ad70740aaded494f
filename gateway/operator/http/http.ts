/**
 * From an HTTP request to the handler of its route and back. http/ serves any table of routes: checks of key, query and body,
 * problems, OpenAPI, the console's files. What a route does is in routes/.
 */
import { CommandConflict, CommandError } from '../../command/errors.js';
import { ConfigError } from '../../config/config.js';
import { isRefusedRow } from '../../health/diskFailures.js';
import { StartError } from '../../process/startError.js';
import { RegistryError } from '../../registry/errors.js';
import type { Answer, Request, Response } from '../../transport/transport.js';
import type { OperatorContext } from './context.js';
import { Problem, type ProblemCode, problemBody, problems } from './problems.js';
import { type CheckedRoute, checkRoute, type RequestFacts } from './requests.js';
import { type Route, Answer as RouteAnswer, Streamed } from './route.js';
import type { Router } from './router.js';

const problemType = 'application/problem+json';

/** Adds the route table to the router. */
export function addRoutes(
  router: Router,
  routes: readonly Route[],
  context: OperatorContext,
  bodyBytesMax: number,
): void {
  for (const route of routes) {
    const checked = checkRoute(route);
    router.add(route.method.toUpperCase(), route.path, (request, response, parameters) =>
      serve(request, response, parameters, checked, context, bodyBytesMax),
    );
  }
}

/** Answers every request: that of a route by its handler, any other with a problem. */
export function dispatch(router: Router, request: Request, response: Response): void {
  const found = router.find(request.method, request.path);
  if (found === null)
    return response.answer(router.missing(request) ?? problemAnswer('not_found', 'There is no such path'));
  if (!('allowed' in found)) return found.handler(request, response, found.parameters);
  const allow = found.allowed.join(', ');
  response.answer(problemAnswer('method_not_allowed', `This path accepts only ${allow}`, { Allow: allow }));
}

function serve(
  request: Request,
  response: Response,
  parameters: string[],
  checked: CheckedRoute,
  context: OperatorContext,
  bodyBytesMax: number,
): void {
  const facts: RequestFacts = {
    authorization: request.header('authorization'),
    contentType: request.header('content-type'),
    accept: request.header('accept'),
    idempotencyKey: request.header('idempotency-key'),
    query: request.query,
    parameters,
  };
  const finish = (body: Buffer | null): void => {
    void answerFor(checked, facts, body, context).then((answer) => {
      if (answer instanceof Streamed) void sendPieces(response, answer, context);
      else response.answer(answer);
    });
  };
  if (checked.route.body === undefined) return finish(null);
  response.readBody(bodyBytesMax, (body) => {
    if (body !== null) return finish(body);
    response.answer({
      ...problemAnswer('body_too_large', `The body has more than ${bodyBytesMax} bytes`),
      closes: true,
    });
  });
}

/**
 * Sends pieces at the speed of the client: it requests the next piece after the one before was sent, and none after the client has
 * disconnected. After an error in the middle the connection is closed without the last chunk of a whole answer.
 */
async function sendPieces(
  response: Response,
  { contentType, pieces }: Streamed,
  context: OperatorContext,
): Promise<void> {
  try {
    response.begin(200, { ...apiHeaders, 'Content-Type': contentType });
    for await (const piece of pieces) {
      if (response.gone) return;
      if (piece.length > 0 && !response.write(piece)) await response.writable();
      if (response.gone) return;
    }
    response.end();
  } catch (error) {
    context.log.error({ err: error }, 'an answer failed in the middle');
    response.abort();
  }
}

const apiHeaders = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };

async function answerFor(
  { route, check }: CheckedRoute,
  facts: RequestFacts,
  body: Buffer | null,
  context: OperatorContext,
): Promise<Answer | Streamed> {
  try {
    const result = await route.handle(check(facts, body, context), context);
    if (result instanceof Streamed) return result;
    if (result instanceof RouteAnswer) return apiAnswer(result.status, result.body, result.contentType);
    return apiAnswer(route.status, result === undefined ? null : JSON.stringify(result), 'application/json');
  } catch (error) {
    return problemFor(error as Error, route, context);
  }
}

function problemFor(error: Error, route: Route, context: OperatorContext): Answer {
  if (error instanceof Problem) return problem(error.code, problemBody(error.code, error.detail, error.errors));
  if (error instanceof CommandError) return problem(error.code, problemBody(error.code, error.message, error.errors));
  if (error instanceof ConfigError || error instanceof StartError)
    return problem('config_invalid', problemBody('config_invalid', error.message));
  if (error instanceof CommandConflict) return problem(error.code, problemBody(error.code, error.message));
  if (error instanceof RegistryError) return problem(error.code, problemBody(error.code, error.message));
  const { code } = error as Error & { code?: string };
  if (code === 'DAY_FILE') {
    context.log.error({ err: error, code, route: `${route.method} ${route.path}` }, 'a day file cannot be used');
    return problem('day_damaged', problemBody('day_damaged', error.message));
  }
  if ((code?.startsWith('SQLITE_') && !isRefusedRow(code)) || code === 'THREAD_ENDED')
    return problem(
      'storage_unavailable',
      problemBody('storage_unavailable', 'The gateway could not write to its store, and changed nothing'),
    );
  context.log.error({ err: error, route: `${route.method} ${route.path}` }, 'an operator request failed inside');
  return problem('internal', problemBody('internal', 'The gateway failed at this request'));
}

function problem(code: ProblemCode, body: string): Answer {
  const { status } = problems[code];
  const headers: Record<string, string> = status === 401 ? { 'WWW-Authenticate': 'Bearer realm="tidegate"' } : {};
  if (status === 503) headers['Retry-After'] = '2';
  return apiAnswer(status, body, problemType, headers);
}

function apiAnswer(
  status: number,
  body: string | null,
  contentType: string,
  headers: Record<string, string> = {},
): Answer {
  return {
    status,
    headers: { ...apiHeaders, ...headers, ...(body === null ? {} : { 'Content-Type': contentType }) },
    body,
  };
}

/** A problem for a request that did not reach a route. */
export function problemAnswer(code: ProblemCode, detail: string, headers: Record<string, string> = {}): Answer {
  return {
    status: problems[code].status,
    headers: { 'Cache-Control': 'no-store', ...headers, 'Content-Type': problemType },
    body: problemBody(code, detail),
  };
}
