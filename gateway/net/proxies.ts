import { BlockList, isIP } from 'node:net';

export interface Proxies {
  /** Whether an address is one of a trusted proxy. */
  trusts(address: string): boolean;
  /**
   * The address behind trusted proxies. Each proxy appends to X-Forwarded-For the address from which it took the request, so the
   * header is read from its end for as long as the writer of an entry is trusted. An entry that is no address ends the reading:
   * nothing before it is believed.
   */
  addressBehind(peer: string, forwardedFor: string): string;
}

/** `trusted` holds addresses and CIDR ranges. Throws if an entry is neither. */
export function createProxies(trusted: readonly string[]): Proxies {
  const list = new BlockList();
  for (const range of trusted) add(list, range);

  const trusts = (address: string): boolean => {
    if (trusted.length === 0) return false;
    const kind = isIP(address);
    return kind !== 0 && list.check(address, kind === 6 ? 'ipv6' : 'ipv4');
  };

  return {
    trusts,
    addressBehind(peer, forwardedFor) {
      let address = peer;
      for (const hop of forwardedFor.split(',').reverse()) {
        if (!trusts(address)) return address;
        const next = plainAddress(hop.trim());
        if (isIP(next) === 0) return address;
        address = next;
      }
      return address;
    },
  };
}

function add(list: BlockList, range: string): void {
  const [address, bits] = range.split('/');
  const kind = isIP(address);
  const bitsMax = kind === 6 ? 128 : 32;
  if (kind === 0 || (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= bitsMax)))
    throw new Error(`"${range}" is neither an address nor a range such as 10.0.0.0/8`);
  list.addSubnet(address, bits === undefined ? bitsMax : Number(bits), kind === 6 ? 'ipv6' : 'ipv4');
}

/** The address alone: some proxies write [v6]:port or v4:port, and those that listen on `::` write IPv4 as ::ffff:a.b.c.d. */
function plainAddress(text: string): string {
  const [, inBrackets, v4] = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/.exec(text) ?? [];
  const address = inBrackets ?? v4 ?? text;
  return /^::ffff:([\d.]+)$/i.exec(address)?.[1] ?? address;
}

/**
 * The common name of a subject as RFC 4514 writes it (CN=boiler-7,O=Acme), or a bare name. Null if there is not exactly one, or if
 * the subject holds escapes, which are not decoded here.
 */
export function commonName(subject: string): string | null {
  if (/["\\+]/.test(subject)) return null;
  if (!subject.includes('=')) return subject.trim() || null;
  const names = subject
    .split(',')
    .map((part) => /^\s*CN\s*=\s*(.*?)\s*$/i.exec(part)?.[1])
    .filter((name) => name !== undefined);
  return names.length === 1 ? names[0] : null;
}
