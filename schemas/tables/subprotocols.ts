/** What a device may offer in Sec-WebSocket-Protocol, and the encoding in which the gateway then answers. */
export const subprotocols = {
  'tidegate.v1.json': 'json',
  'tidegate.v1.binary': 'binary',
  arduino: 'json',
} as const satisfies Record<string, Encoding>;

export type Encoding = 'json' | 'binary';
export type Subprotocol = keyof typeof subprotocols;

/** A browser cannot set headers, so it may offer one more entry: this prefix + base64url(deviceId:secret). Never echoed. */
export const credentialEntryPrefix = 'tidegate.auth.';
