/** What a WebSocket handshake must have, as it was sent. A missing header is an empty string. */
export interface HandshakeFacts {
  /** The Upgrade header of a GET; empty for another method. */
  upgrade: string;
  version: string;
  key: string;
}

/** RFC 6455 section 4.2.1: 16 bytes in base64 are 22 characters and two equal signs. */
const keyPattern = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/** What is wrong with a handshake (RFC 6455, section 4.2.1), as a sentence; null if nothing is. */
export function handshakeFault({ upgrade, version, key }: HandshakeFacts): string | null {
  if (upgrade.toLowerCase() !== 'websocket') return 'The Upgrade header is not "websocket"';
  if (version !== '13') return 'The Sec-WebSocket-Version header is not 13';
  return keyPattern.test(key) ? null : 'The Sec-WebSocket-Key header is not 16 bytes in base64';
}
