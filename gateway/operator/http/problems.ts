/**
 * Every error that the operator side answers with (RFC 9457): its code, status and title. `fix` is a sentence that says what to do. It ends the
 * `detail` of each answer, whose first sentence says what happened, and to which thing.
 */
export const problems = {
  body_invalid: {
    status: 400,
    title: 'The body does not match the schema of this route',
    fix: 'Correct this and try again.',
  },
  query_invalid: {
    status: 400,
    title: 'A query parameter is not valid, or is not known here',
    fix: 'Correct this and try again.',
  },
  range_invalid: { status: 400, title: 'The time range is not valid', fix: 'Correct the time range and try again.' },
  every_invalid: {
    status: 400,
    title: 'The bucket width is not valid',
    fix: 'Write a width from 1ms to 366d, such as 10s, 5m, 1h or 1d.',
  },
  cursor_invalid: {
    status: 400,
    title: 'The cursor is not valid for this list',
    fix: 'Use `next` of the previous page unchanged, or start again without a cursor.',
  },
  metric_unknown: {
    status: 400,
    title: 'The device has no such metric',
    fix: 'Use a metric that the device has sent.',
  },
  command_undeclared: {
    status: 400,
    title: 'The model declares no such command',
    fix: 'Choose one of these, or add the command to the model.',
  },
  params_invalid: {
    status: 400,
    title: 'The parameters do not match what the model declares',
    fix: 'Correct them and try again.',
  },
  command_too_large: { status: 400, title: 'The command is too large for this device', fix: 'Shorten the parameters.' },
  target_empty: { status: 400, title: 'The target matches no device', fix: 'Choose other tags or another model.' },
  window_invalid: { status: 400, title: 'The time span of validity is not valid', fix: 'Choose a later time.' },
  command_reserved: {
    status: 400,
    title: 'Only the gateway itself sends this command',
    fix: 'Create a new secret for the device instead.',
  },
  config_invalid: {
    status: 400,
    title: 'The configuration is not valid; the old one stays in use',
    fix: 'The old configuration stays in use. Correct the fault and reload again.',
  },
  model_unknown: {
    status: 400,
    title: 'There is no such model',
    fix: 'Choose another model, or add its file to the folder of the models and reload.',
  },
  key_missing: {
    status: 401,
    title: 'An operator key is required',
    fix: 'Send the header Authorization: Bearer tgk_….',
  },
  key_invalid: {
    status: 401,
    title: 'The operator key is not valid',
    fix: 'Use another key. An admin creates one with: tidegate key add NAME.',
  },
  role_insufficient: { status: 403, title: 'The role of the key is not sufficient', fix: 'Use a key with that role.' },
  origin_refused: {
    status: 403,
    title: 'The request comes from a page of another origin',
    fix: 'Open the console at the URL of the gateway. Let a proxy pass the Host header unchanged, or set operator.allowedOrigins.',
  },
  command_unknown: { status: 404, title: 'There is no such command', fix: 'Check the id of the command.' },
  batch_unknown: { status: 404, title: 'There is no such batch', fix: 'Check the id of the batch.' },
  not_found: { status: 404, title: 'There is no such path', fix: 'Check the path. /openapi.json lists every path.' },
  device_unknown: { status: 404, title: 'There is no such device', fix: 'Check the id in the list of devices.' },
  credential_unknown: {
    status: 404,
    title: 'The device has no such credential',
    fix: 'Check the id in the list of its credentials.',
  },
  key_unknown: { status: 404, title: 'There is no such key', fix: 'Check the id in the list of keys.' },
  rejected_unknown: {
    status: 404,
    title: 'The device has no such rejected frame',
    fix: 'Check the id in the list of its rejected frames.',
  },
  method_not_allowed: {
    status: 405,
    title: 'The resource does not support this method',
    fix: 'Use a method that the Allow header names.',
  },
  device_exists: {
    status: 409,
    title: 'A device with this id already exists',
    fix: 'Choose another id, or remove that device first.',
  },
  too_many_credentials: {
    status: 409,
    title: 'The device has too many credentials',
    fix: 'Revoke one, or let older ones expire.',
  },
  already_sent: { status: 409, title: 'The command was already sent', fix: 'Wait for its result.' },
  already_ended: {
    status: 409,
    title: 'The command or batch has already ended',
    fix: 'Send a new one if you need it.',
  },
  idempotency_conflict: {
    status: 409,
    title: 'The Idempotency-Key was used for another request',
    fix: 'Use a new key for each new request.',
  },
  already_admitted: { status: 409, title: 'The frame was already admitted', fix: 'Nothing is left to do.' },
  not_admissible: { status: 409, title: 'The frame cannot be admitted', fix: 'Correct what the device sends.' },
  not_acceptable: {
    status: 406,
    title: 'The resource has no form that the Accept header names',
    fix: 'Name one of them in the Accept header.',
  },
  body_too_large: { status: 413, title: 'The body is too large', fix: 'Send less at once.' },
  media_type_unsupported: {
    status: 415,
    title: 'The body is not JSON',
    fix: 'Send the header Content-Type: application/json.',
  },
  folder_invalid: {
    status: 400,
    title: 'The folder cannot be used',
    fix: 'Choose an empty or new folder outside the data folder, or set backup.folder.',
  },
  job_not_cancellable: {
    status: 409,
    title: 'The job cannot be cancelled',
    fix: 'Wait until it ends. Only an export that has not ended can be cancelled.',
  },
  job_unknown: { status: 404, title: 'There is no such job', fix: 'Check the id in the list of jobs.' },
  upgrade_required: {
    status: 426,
    title: 'This resource accepts WebSocket connections only',
    fix: 'Connect with a WebSocket client.',
  },
  too_many_commands: {
    status: 429,
    title: 'Too many commands have not ended yet',
    fix: 'Wait until some have ended, or cancel queued ones.',
  },
  day_damaged: {
    status: 500,
    title: 'The readings of a day cannot be read',
    fix: 'Restore the file from a backup. tidegate doctor --all names every damaged file. Other days are not affected.',
  },
  too_many_live_clients: {
    status: 429,
    title: 'Too many clients of the live feed are connected',
    fix: 'Wait until some have closed, or use one client for all subscriptions.',
  },
  internal: { status: 500, title: 'The gateway failed', fix: 'Read the log of the gateway for the cause.' },
  storage_unavailable: {
    status: 503,
    title: 'The store cannot be written to at present',
    fix: 'Check the disk of the data folder, and try again.',
  },
  not_ready: {
    status: 503,
    title: 'The gateway accepts no devices at present',
    fix: 'Wait, or read the log of the gateway for the cause.',
  },
} as const satisfies Record<string, { status: number; title: string; fix: string }>;

export type ProblemCode = keyof typeof problems;

export interface ProblemError {
  /** JSON Pointer into the body, or the name of a query parameter. */
  path: string;
  message: string;
}

/** Thrown by handlers; becomes the answer. `detail` is a sentence without its full stop: what happened, and to which thing. */
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
  const { status, title, fix } = problems[code];
  return JSON.stringify({ type: 'about:blank', title, status, detail: `${detail}. ${fix}`, code, errors });
}
