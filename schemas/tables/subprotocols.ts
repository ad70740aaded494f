/** The subprotocols that a device may offer in Sec-WebSocket-Protocol, each with the encoding that the gateway then sends in. */
export const subprotocols = {
  'tidegate.v1.json': 'json',
  'tidegate.v1.binary': 'binary',
  arduino: 'json',
} as const satisfies Record<string, Encoding>;

/** `json`: the gateway sends text messages. `binary`: it sends the frames of PROTOCOL.md section 6. Devices may send both on either. */
export type Encoding = 'json' | 'binary';
/** A key of `subprotocols`, for example `tidegate.v1.json`. */
export type Subprotocol = keyof typeof subprotocols;

/**
 * A browser cannot set headers, so it may offer its credential as one more entry: this prefix and base64url(deviceId:secret). The
 * gateway never echoes it.
 */
export const credentialEntryPrefix = 'tidegate.auth.';
