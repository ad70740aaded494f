/** Every error that the operator side answers with (RFC 9457): its code, status and title. */
export const problems = {
  body_invalid: { status: 400, title: 'The body does not match the schema of this route' },
  query_invalid: { status: 400, title: 'A query parameter is not valid, or is not known here' },
  range_invalid: { status: 400, title: 'The time range is not valid' },
  every_invalid: { status: 400, title: 'The bucket width is not valid' },
  cursor_invalid: { status: 400, title: 'The cursor is not valid for this list' },
  metric_unknown: { status: 400, title: 'The device has no such metric' },
  command_undeclared: { status: 400, title: 'The model declares no such command' },
  params_invalid: { status: 400, title: 'The parameters do not match what the model declares' },
  command_too_large: { status: 400, title: 'The command is too large for this device' },
  target_empty: { status: 400, title: 'The target matches no device' },
  window_invalid: { status: 400, title: 'The time span of validity is not valid' },
  command_reserved: { status: 400, title: 'Only the gateway itself sends this command' },
  config_invalid: { status: 400, title: 'The configuration is not valid; the old one stays in force' },
  model_unknown: { status: 400, title: 'There is no such model' },
  key_missing: { status: 401, title: 'An operator key is required' },
  key_invalid: { status: 401, title: 'The operator key is not valid' },
  role_insufficient: { status: 403, title: 'The role of the key is not sufficient' },
  origin_refused: { status: 403, title: 'The request comes from a page of another origin' },
  command_unknown: { status: 404, title: 'There is no such command' },
  batch_unknown: { status: 404, title: 'There is no such batch' },
  not_found: { status: 404, title: 'There is no such resource' },
  device_unknown: { status: 404, title: 'There is no such device' },
  credential_unknown: { status: 404, title: 'The device has no such credential' },
  key_unknown: { status: 404, title: 'There is no such key' },
  rejected_unknown: { status: 404, title: 'The device has no such rejected frame' },
  method_not_allowed: { status: 405, title: 'The resource does not support this method' },
  device_exists: { status: 409, title: 'A device with this id exists already' },
  too_many_credentials: { status: 409, title: 'The device has too many credentials' },
  already_sent: { status: 409, title: 'The command was already sent' },
  already_ended: { status: 409, title: 'The command or batch has already ended' },
  idempotency_conflict: { status: 409, title: 'The Idempotency-Key was used for another request' },
  already_admitted: { status: 409, title: 'The frame was already admitted' },
  not_admissible: { status: 409, title: 'The frame cannot be admitted' },
  not_acceptable: { status: 406, title: 'The resource has no form that the Accept header names' },
  body_too_large: { status: 413, title: 'The body is too large' },
  media_type_unsupported: { status: 415, title: 'The body is not JSON' },
  folder_invalid: { status: 400, title: 'The folder cannot be used' },
  job_unknown: { status: 404, title: 'There is no such job' },
  upgrade_required: { status: 426, title: 'This resource accepts WebSocket connections only' },
  too_many_commands: { status: 429, title: 'Too many commands have not ended yet' },
  internal: { status: 500, title: 'The gateway failed' },
  storage_unavailable: { status: 503, title: 'The store cannot be written to at present' },
  not_ready: { status: 503, title: 'The gateway accepts no links at present' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problems;

export interface ProblemError {
  /** JSON Pointer into the body, or the name of a query parameter. */
  path: string;
  message: string;
}

/** Thrown by handlers; becomes the answer. */
export class Problem extends Error {
  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly errors?: readonly ProblemError[],
  ) {
    super(detail);
  }
}

export function problemBody(code: ProblemCode, detail: string, errors?: readonly ProblemError[]): string {
  const { status, title } = problems[code];
  return JSON.stringify({ type: 'about:blank', title, status, detail, code, errors });
}
