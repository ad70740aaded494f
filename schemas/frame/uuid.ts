/** The text form (RFC 9562 section 4) of the 16 bytes at `at`. */
export function parseUuid(bytes: Uint8Array, at: number): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset + at, 16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Writes the 16 bytes of a UUID's text form at `at`. Throws RangeError if `id` is not one. */
export function writeUuid(bytes: Uint8Array, at: number, id: string): void {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) throw new RangeError(`${id} is not a UUID`);
  bytes.set(Buffer.from(id.replaceAll('-', ''), 'hex'), at);
}
