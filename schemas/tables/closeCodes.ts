/**
 * The WebSocket close codes with which the gateway closes device links (RFC 6455 section 7.4.2 leaves 4000-4999 to
 * applications). `comeBack` says how the device reconnects: `soon` after a random time below 0.5 s that doubles to 30 s, `slowly`
 * after one below 5 minutes that doubles to an hour (PROTOCOL.md ). The reason of a `soon` close may be {"retryAfterMs":n}.
 */
export const closeCodes = {
  restarting: { code: 4000, comeBack: 'soon', meaning: 'the gateway is shutting down or restarting' },
  overloaded: { code: 4001, comeBack: 'soon', meaning: 'more is queued for the store than the gateway will hold' },
  slow_reader: { code: 4002, comeBack: 'soon', meaning: 'the device does not read what the gateway sends' },
  window_exceeded: { code: 4003, comeBack: 'soon', meaning: 'more frames were unacknowledged than the window allows' },
  rate_limited: { code: 4004, comeBack: 'soon', meaning: 'the device sends faster than its limit' },
  storage_unavailable: {
    code: 4005,
    comeBack: 'soon',
    meaning: 'the store cannot be written to at present, or the gateway cannot trust its clock',
  },
  replaced: { code: 4100, comeBack: 'slowly', meaning: 'a newer link of the same device took over' },
  credential_revoked: { code: 4101, comeBack: 'slowly', meaning: 'the credential of this link was revoked' },
  device_disabled: { code: 4102, comeBack: 'slowly', meaning: 'an operator disabled the device' },
  too_many_bad_frames: { code: 4103, comeBack: 'slowly', meaning: 'too many frames were refused on this link' },
  device_removed: { code: 4104, comeBack: 'slowly', meaning: 'an operator removed the device' },
} as const satisfies Record<string, { code: number; comeBack: 'soon' | 'slowly'; meaning: string }>;

/** A key of `closeCodes`, for example `overloaded`. */
export type CloseName = keyof typeof closeCodes;

const namesByCode = new Map<number, CloseName>(
  Object.entries(closeCodes).map(([name, { code }]) => [code, name as CloseName]),
);

/** The name of a close code. It is undefined for a code that the gateway does not use. */
export function closeNameOf(code: number): CloseName | undefined {
  return namesByCode.get(code);
}
