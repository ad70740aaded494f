/** Every error that the operator side answers with (RFC 9457): its code, status and title. */
export const problems = {
  body_invalid: { status: 400, title: 'The body is not what this route takes' },
  query_invalid: { status: 400, title: 'The query is not what this route takes' },
  range_invalid: { status: 400, title: 'The time range is not valid' },
  every_invalid: { status: 400, title: 'The bucket width is not valid' },
  cursor_invalid: { status: 400, title: 'The cursor is not one that this list gave' },
  metric_unknown: { status: 400, title: 'The device has no such metric' },
  command_undeclared: { status: 400, title: 'The model declares no such command' },
  params_invalid: { status: 400, title: 'The parameters are not what the command takes' },
  command_too_large: { status: 400, title: 'The device does not take so large a command' },
  target_empty: { status: 400, title: 'No device is meant' },
  window_invalid: { status: 400, title: 'The time of validity is not valid' },
  command_reserved: { status: 400, title: 'The command is one of the gateway’s own' },
  config_invalid: { status: 400, title: 'The configuration is not valid; the old one stays in force' },
  model_unknown: { status: 400, title: 'There is no such model' },
  key_missing: { status: 401, title: 'An operator key is needed' },
  key_invalid: { status: 401, title: 'The operator key is not valid' },
  role_insufficient: { status: 403, title: 'The key may not do this' },
  origin_refused: { status: 403, title: 'The page comes from another origin' },
  command_unknown: { status: 404, title: 'There is no such command' },
  batch_unknown: { status: 404, title: 'There is no such batch' },
  not_found: { status: 404, title: 'There is nothing here' },
  device_unknown: { status: 404, title: 'There is no such device' },
  credential_unknown: { status: 404, title: 'The device has no such credential' },
  key_unknown: { status: 404, title: 'There is no such key' },
  rejected_unknown: { status: 404, title: 'The device has no such refused frame' },
  method_not_allowed: { status: 405, title: 'The resource does not take this method' },
  device_exists: { status: 409, title: 'A device of this id exists already' },
  too_many_credentials: { status: 409, title: 'The device has too many credentials' },
  already_sent: { status: 409, title: 'The command was sent' },
  already_ended: { status: 409, title: 'It has ended' },
  idempotency_conflict: { status: 409, title: 'The Idempotency-Key came with another request before' },
  already_admitted: { status: 409, title: 'The frame was let in before' },
  not_admissible: { status: 409, title: 'The frame cannot be let in' },
  not_acceptable: { status: 406, title: 'The resource has no such form' },
  body_too_large: { status: 413, title: 'The body is too large' },
  media_type_unsupported: { status: 415, title: 'The body is not JSON' },
  folder_invalid: { status: 400, title: 'The folder cannot be used' },
  job_unknown: { status: 404, title: 'There is no such job' },
  upgrade_required: { status: 426, title: 'This resource speaks WebSocket only' },
  too_many_commands: { status: 429, title: 'Too many commands have no end yet' },
  internal: { status: 500, title: 'The gateway failed' },
  storage_unavailable: { status: 503, title: 'The store cannot be written to at present' },
  not_ready: { status: 503, title: 'The gateway takes no links at present' },
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
