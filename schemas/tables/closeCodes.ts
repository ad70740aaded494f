/**
 * WebSocket close codes (RFC 6455 section 7.4.2: 4000-4999 are for applications) on device links.
 * `comeBack` tells the device how to reconnect: `soon` with full-jitter backoff, `slowly` from five minutes doubling to an hour.
 * The reason of a `soon` close may be {"retryAfterMs":n}.
 */
export const closeCodes = {
  restarting: { code: 4000, comeBack: 'soon', meaning: 'the gateway is shutting down or restarting' },
  overloaded: { code: 4001, comeBack: 'soon', meaning: 'more is queued for the store than the gateway will hold' },
  slow_reader: { code: 4002, comeBack: 'soon', meaning: 'the device does not read what the gateway sends' },
  window_exceeded: { code: 4003, comeBack: 'soon', meaning: 'more frames were unacknowledged than the window allows' },
  rate_limited: { code: 4004, comeBack: 'soon', meaning: 'the device sends faster than its limit' },
  storage_unavailable: { code: 4005, comeBack: 'soon', meaning: 'the store cannot be written to at present' },
  replaced: { code: 4100, comeBack: 'slowly', meaning: 'a newer link of the same device took over' },
  credential_revoked: { code: 4101, comeBack: 'slowly', meaning: 'the credential of this link was revoked' },
  device_disabled: { code: 4102, comeBack: 'slowly', meaning: 'an operator disabled the device' },
  too_many_bad_frames: { code: 4103, comeBack: 'slowly', meaning: 'too many frames were refused on this link' },
  device_removed: { code: 4104, comeBack: 'slowly', meaning: 'an operator removed the device' },
} as const satisfies Record<string, { code: number; comeBack: 'soon' | 'slowly'; meaning: string }>;

export type CloseName = keyof typeof closeCodes;

const namesByCode = new Map<number, CloseName>(
  Object.entries(closeCodes).map(([name, { code }]) => [code, name as CloseName]),
);

export function closeNameOf(code: number): CloseName | undefined {
  return namesByCode.get(code);
}
