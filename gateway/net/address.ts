/** net/ knows IP addresses and proxies (RFC 5952, RFC 4632). It opens no socket; transport/ does. */

/**
 * The text of an IP address of 4 or 16 bytes, as RFC 5952 writes it. IPv4 in IPv6 (::ffff:a.b.c.d), which a socket that
 * takes both gives, is written as IPv4.
 */
export function addressText(bytes: ArrayBuffer): string {
  const octets = new Uint8Array(bytes);
  if (octets.length === 4) return octets.join('.');
  if (octets.length !== 16) return '';
  if (isMapped(octets)) return octets.subarray(12).join('.');
  const words = Array.from({ length: 8 }, (_, i) => ((octets[2 * i] << 8) | octets[2 * i + 1]).toString(16));
  return withoutZeros(words);
}

function isMapped(octets: Uint8Array): boolean {
  return octets.subarray(0, 10).every((octet) => octet === 0) && octets[10] === 0xff && octets[11] === 0xff;
}

/** The longest run of two or more zero words becomes "::"; the first of equal ones. */
function withoutZeros(words: string[]): string {
  let best = { at: 0, length: 1 };
  for (let at = 0; at < words.length; at++) {
    let length = 0;
    while (words[at + length] === '0') length++;
    if (length > best.length) best = { at, length };
  }
  if (best.length === 1) return words.join(':');
  return `${words.slice(0, best.at).join(':')}::${words.slice(best.at + best.length).join(':')}`;
}

/**
 * The host part of a URL under which a listener on `host` can be reached from this machine. A listener on every address
 * (`0.0.0.0`, `::`) is reached on 127.0.0.1; an IPv6 address stands in brackets (RFC 3986 section 3.2.2).
 */
export function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
