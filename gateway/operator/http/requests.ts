import type { ValidateFunction } from 'ajv/dist/2020.js';
import { createAjv, late } from '../../../schemas/ajv.js';
import { loadSchema, referredNames } from '../../../schemas/load.js';
import { roundedNumbers, roundedRule } from '../../../schemas/message/numbers.js';
import { sentenceOf } from '../../../schemas/sentenceOf.js';
import { allows } from '../../../schemas/tables/roles.js';
import type { KeyRecord } from '../../domain/operators.js';
import type { OperatorContext } from './context.js';
import { Problem, type ProblemError } from './problems.js';
import type { OperatorRequest, Route } from './route.js';

/** The facts of a request, copied out of it. */
export interface RequestFacts {
  authorization: string;
  contentType: string;
  accept: string;
  idempotencyKey: string;
  /** Without the question mark. */
  query: string;
  parameters: string[];
}

const bodies = late(() => createAjv({ allErrors: true, allowUnionTypes: true, verbose: true }));

const queries = late(() => createAjv({ allErrors: true, useDefaults: true, coerceTypes: 'array' }));

/** A route with its checks, which are compiled at its first request. */
export interface CheckedRoute {
  route: Route;
  /** Throws the Problem that the caller is to read. */
  check(facts: RequestFacts, body: Buffer | null, context: OperatorContext): OperatorRequest;
}

export function checkRoute(route: Route): CheckedRoute {
  const { properties = {} } = route.query ?? {};
  return {
    route,
    check(facts, body, context) {
      const key = route.role === null ? null : authorize(facts.authorization, route.role, context);
      const query = readQuery(
        facts.query,
        new Set(Object.keys(properties).filter((name) => properties[name].type === 'array')),
      );
      const { checkQuery, checkBody } = checksOf(route);
      if (!checkQuery(query))
        throw new Problem('query_invalid', 'Some query parameters are not valid', errorsOf(checkQuery));
      const { parameters, accept, idempotencyKey } = facts;
      return { parameters, query, body: readBody(route, checkBody, facts, body), accept, idempotencyKey, key };
    },
  };
}

interface Checks {
  checkQuery: ValidateFunction;
  checkBody: ValidateFunction | null;
}

/** Compiled once, however many gateways a process starts. */
const compiled = new WeakMap<Route, Checks>();

/** The checks of a route, compiled now if they were not. Throws if a schema of the route is wrong. */
export function checksOf(route: Route): Checks {
  const before = compiled.get(route);
  if (before !== undefined) return before;
  const { properties = {}, patternProperties = {} } = route.query ?? {};
  const checks = {
    checkQuery: queries().compile({ type: 'object', additionalProperties: false, properties, patternProperties }),
    checkBody: route.body === undefined ? null : bodyCheck(route.body),
  };
  compiled.set(route, checks);
  return checks;
}

function bodyCheck(name: string): ValidateFunction {
  const schema = loadSchema(`operator/${name}`) as { $id: string };
  addBody(schema);
  return bodies().getSchema(schema.$id) as ValidateFunction;
}

/** Adds a schema and those that it refers to. */
function addBody(schema: { $id: string }): void {
  if (schema.$id in bodies().schemas) return;
  bodies().addSchema(schema);
  for (const name of referredNames(schema)) addBody(loadSchema(`operator/${name}`) as { $id: string });
}

/** The key of the request. Throws key_missing, key_invalid, role_insufficient. */
export function authorize(
  authorization: string,
  role: KeyRecord['role'],
  { keys }: Pick<OperatorContext, 'keys'>,
): KeyRecord {
  const [, text] = /^bearer +(\S+)\s*$/i.exec(authorization) ?? [];
  if (text === undefined) throw new Problem('key_missing', 'The request has no operator key');
  const key = keys.authenticate(text);
  if (key === undefined) throw new Problem('key_invalid', 'The operator key is unknown, revoked or expired');
  if (!allows(key.role, role))
    throw new Problem('role_insufficient', `This needs the role ${role}; the key ${key.name} has the role ${key.role}`);
  return key;
}

/** A parameter that is given twice becomes a list, which only parameters of type array accept. */
function readQuery(text: string, arrays: ReadonlySet<string>): Record<string, unknown> {
  const query: Record<string, unknown> = Object.create(null);
  for (const [name, value] of new URLSearchParams(text)) {
    const before = query[name];
    if (before === undefined) query[name] = arrays.has(name) ? [value] : value;
    else query[name] = [...(Array.isArray(before) ? before : [before]), value];
  }
  return { ...query };
}

function readBody(
  route: Route,
  check: ValidateFunction | null,
  { contentType }: RequestFacts,
  bytes: Buffer | null,
): unknown {
  if (check === null || bytes === null) return undefined;
  if (bytes.length === 0 && route.bodyOptional) return undefined;
  if (!/^application\/json\b/i.test(contentType))
    throw new Problem('media_type_unsupported', 'The body is not sent as JSON');
  let body: unknown;
  const text = bytes.toString();
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new Problem('body_invalid', `The body is not JSON: ${messageOf(error)}`);
  }
  const rounded = roundedNumbers(text).map((path) => ({ path, message: roundedRule }));
  if (rounded.length > 0) throw new Problem('body_invalid', 'Some numbers are too large', rounded);
  if (!check(body)) throw new Problem('body_invalid', 'Some values are not valid', errorsOf(check));
  return body;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The errors of a check that has just failed, as the problem answer lists them. */
export function errorsOf({ errors }: ValidateFunction): ProblemError[] {
  return (errors ?? []).map((error) => ({ path: error.instancePath, message: sentenceOf(error) }));
}
