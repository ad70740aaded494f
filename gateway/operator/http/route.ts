import type { KeyRecord, Role } from '../../domain/operators.js';
import type { OperatorContext } from './context.js';

/** One row of the route table; the router, the checks and the OpenAPI document are all made from it. */
export interface Route {
  method: 'get' | 'post' | 'patch' | 'delete';
  /** With {name} for a path parameter. */
  path: string;
  summary: string;
  /** The least role that may; null: no key is needed. */
  role: Role | null;
  /** Query parameters as a JSON Schema of an object; what it does not name is refused. */
  query?: QuerySchema;
  /** Request headers that the handler reads beside the usual ones, with their descriptions. */
  headers?: Record<string, string>;
  /** Schema of the body, by its name in schemas/operator. */
  body?: string;
  /** A body may be left out. */
  bodyOptional?: boolean;
  status: number;
  /** Further statuses that are no errors, each with the schema of its answer. */
  alsoStatus?: Record<number, string>;
  /** Schema of the answer, by its name in schemas/operator; none: no body, or one that is no JSON. */
  answer?: string;
  /** Of the answer, where it is not JSON. */
  contentType?: string;
  /** Further types of the answer that Accept may ask for. */
  alsoAs?: readonly string[];
  handle(request: OperatorRequest, context: OperatorContext): Promise<unknown> | unknown;
}

export interface QuerySchema {
  properties: Record<string, { type: string; description: string; [keyword: string]: unknown }>;
  patternProperties?: Record<string, { type: string; description: string }>;
}

/** A request that has passed its route's checks. */
export interface OperatorRequest {
  /** Path parameters, in the order of the template. */
  parameters: string[];
  query: Record<string, unknown>;
  body: unknown;
  /** The Accept header. */
  accept: string;
  /** The Idempotency-Key header; empty where there is none. */
  idempotencyKey: string;
  /** Null where the route needs none. */
  key: KeyRecord | null;
}

/** An answer that is not the route's usual one. */
export class Answer {
  constructor(
    readonly status: number,
    readonly body: string,
    readonly contentType: string,
  ) {}
}

/** An answer that is sent piece by piece, as fast as the client reads. What fails at its beginning is thrown before it. */
export class Streamed {
  constructor(
    readonly contentType: string,
    readonly pieces: AsyncGenerator<Uint8Array | string>,
  ) {}
}

/** Who did it, for the audit. */
export function byOf({ key }: OperatorRequest): string {
  return key?.id ?? 'nobody';
}

/** Answers without a body. */
export const noContent = undefined;
