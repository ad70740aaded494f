/**
 * Why the upgrade request of a device was refused (PROTOCOL.md section 1). The key is the `code` of the application/problem+json
 * answer (RFC 9457), `status` its HTTP status. With `retryAfter` the answer carries Retry-After (RFC 9110 section 10.2.3).
 */
export const refusals = {
  subprotocol_unsupported: { status: 400, retryAfter: false, title: 'No offered subprotocol is known' },
  stream_invalid: { status: 400, retryAfter: false, title: 'The stream name is not allowed' },
  credentials_missing: { status: 401, retryAfter: false, title: 'No credentials were given' },
  credentials_invalid: { status: 401, retryAfter: false, title: 'The credentials are not valid' },
  device_disabled: { status: 403, retryAfter: false, title: 'The device is disabled' },
  upgrade_required: { status: 426, retryAfter: false, title: 'This resource speaks WebSocket version 13 only' },
  too_many_attempts: { status: 429, retryAfter: true, title: 'Too many failed attempts' },
  overloaded: { status: 503, retryAfter: true, title: 'The gateway takes no new links at present' },
  storage_unavailable: { status: 503, retryAfter: true, title: 'The store cannot be written to at present' },
  clock_untrusted: { status: 503, retryAfter: true, title: 'The clock of the gateway cannot be trusted at present' },
} as const satisfies Record<string, { status: number; retryAfter: boolean; title: string }>;

/** A key of `refusals`, for example `credentials_invalid`. */
export type RefusalCode = keyof typeof refusals;
