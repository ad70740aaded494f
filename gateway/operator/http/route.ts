import type {
  BackupRequest,
  BatchCreate,
  CommandCreate,
  CredentialRequest,
  DeviceCreate,
  DeviceEditRequest,
  DeviceImport,
  DevicePatch,
  ExportRequest,
  KeyCreate,
} from '../../../schemas/generated/operator.js';
import type { Role } from '../../../schemas/tables/roles.js';
import type { KeyRecord } from '../../domain/operators.js';
import type { OperatorContext } from './context.js';
import type { Query } from './parameters.js';

/** The bodies of requests, by the name of their schema in schemas/operator. Undefined: the body may be left out. */
export interface Bodies {
  backup_request: BackupRequest | undefined;
  batch_create: BatchCreate;
  command_create: CommandCreate;
  credential_request: CredentialRequest | undefined;
  device_create: DeviceCreate;
  device_edit: DeviceEditRequest;
  device_import: DeviceImport;
  device_patch: DevicePatch;
  export_request: ExportRequest;
  key_create: KeyCreate;
}

/** One row of the route table; the router, the checks and the OpenAPI document are all made from it. */
export interface Route {
  method: 'get' | 'post' | 'patch' | 'delete';
  /** A path parameter is written as {name}. */
  path: string;
  summary: string;
  /** The least role that a key needs; null: no key is needed. */
  role: Role | null;
  /** Query parameters as a JSON Schema of an object. Other parameters are refused. */
  query?: QuerySchema;
  /** Request headers that the handler reads beside the usual ones, with their descriptions. */
  headers?: Record<string, string>;
  /** Schema of the body, by its name in schemas/operator. */
  body?: keyof Bodies;
  /** True if the body may be left out. */
  bodyOptional?: boolean;
  status: number;
  /** Further statuses that are not errors, each with the schema of its answer. */
  alsoStatus?: Record<number, string>;
  /** Schema of the answer, by its name in schemas/operator. Absent: the answer has no body, or is not JSON. */
  answer?: string;
  /** The content type of an answer that is not JSON. */
  contentType?: string;
  /** Further types of the answer that Accept may ask for. */
  alsoAs?: readonly string[];
  handle(request: OperatorRequest, context: OperatorContext): Promise<unknown> | unknown;
}

/** A row of the route table whose requests have a body: the handler gets it with its type. */
export function withBody<Name extends keyof Bodies>(
  body: Name,
  route: Omit<Route, 'body' | 'handle'> & {
    handle(request: OperatorRequest<Bodies[Name]>, context: OperatorContext): Promise<unknown> | unknown;
  },
): Route {
  return { ...route, body };
}

/** The query parameters of a route. */
export interface QuerySchema {
  properties: Record<string, { type: string; description: string; [keyword: string]: unknown }>;
  patternProperties?: Record<string, { type: string; description: string }>;
}

/** A request that has passed its route's checks. */
export interface OperatorRequest<Body = unknown> {
  /** Path parameters, in the order of the template. */
  parameters: string[];
  query: Query;
  body: Body;
  /** The Accept header. */
  accept: string;
  /** The Idempotency-Key header; empty if there is none. */
  idempotencyKey: string;
  /** Null if the route needs none. */
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

/** An answer that is sent piece by piece, as fast as the client reads. An error before the first piece is thrown instead. */
export class Streamed {
  constructor(
    readonly contentType: string,
    readonly pieces: AsyncGenerator<Uint8Array | string>,
  ) {}
}

/** The author of a request, for the audit trail. */
export function byOf({ key }: OperatorRequest): string {
  return key?.id ?? 'nobody';
}

/** Answers without a body. */
export const noContent = undefined;
