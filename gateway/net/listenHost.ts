import { createServer } from 'node:net';

/** What means all addresses of the machine, IPv6 and IPv4. */
const all = '::';
const allIpv4 = '0.0.0.0';

/**
 * The address to listen on for a configured one: `::` becomes `0.0.0.0` on a machine without IPv6. Everything else stays.
 * `hasIpv6` finds out whether this machine has it.
 */
export async function listenHost(host: string, hasIpv6: () => Promise<boolean> = canListenOnIpv6): Promise<string> {
  return host === all && !(await hasIpv6()) ? allIpv4 : host;
}

function canListenOnIpv6(): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.on('error', () => resolve(false));
    probe.listen({ host: all, port: 0 }, () => probe.close(() => resolve(true)));
  });
}
