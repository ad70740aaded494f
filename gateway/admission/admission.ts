import type { RefusalCode } from '../../schemas/tables/refusals.js';
import type { ResolvedConfig } from '../config/config.js';
import { createProxies } from '../net/proxies.js';
import { createRamp } from './ramp.js';
import { createBuckets, TokenBucket } from './tokenBucket.js';

export interface AdmissionOptions {
  config: Pick<ResolvedConfig, 'admission' | 'trustedProxies'>;
  /** Monotonic ms. */
  now(): number;
  random(): number;
  /** Devices that may be on their way back. */
  devices(): number;
}

export type Admission = ReturnType<typeof createAdmission>;

/** Connections are many more than links in a storm: beyond this many times the rate they end before they cost anything. */
const connectionsPerLink = 2;
const addressesMax = 20_000;
/** Wrong credentials that are answered 401; further ones 429. */
const failuresOfAddress = { perSecond: 1, burst: 60 };
const failuresOfPair = { perSecond: 0.1, burst: 5 };
/** Whoever fails so often has time. */
const throttledSeconds = { least: 30, spread: 60 };

/**
 * Who may try to connect, and when. Nothing of it asks who a device is, but for the throttle, which only ever changes what a
 * failing one is answered: nobody can lock a device out by guessing at its id.
 */
export function createAdmission(options: AdmissionOptions) {
  const { now, random } = options;
  const failing = {
    addresses: createBuckets(failuresOfAddress, addressesMax),
    pairs: createBuckets(failuresOfPair, addressesMax),
  };
  let limits = limitsOf(options.config, now());
  const ramp = createRamp({ perSecond: () => limits.perSecond, random });

  return {
    /** Whether a connection may go on: asked before its first byte is read, so before TLS. */
    connection(peer: string): boolean {
      const at = now();
      if (!limits.proxies.trusts(peer) && !limits.connectionsOf.take(networkOf(peer), at)) return false;
      return limits.connections.take(at);
    },

    /** Whether a link may be made for a handshake from this address, whoever it is: asked before credentials are looked at. */
    handshake(address: string): boolean {
      const at = now();
      return limits.linksOf.take(networkOf(address), at) && limits.links.take(at);
    },

    /** A wrong credential: whether it is to be told only that it comes too often. */
    tooManyFailures(address: string, id: string | null): boolean {
      const at = now();
      const network = networkOf(address);
      const byAddress = failing.addresses.take(network, at);
      const byPair = id === null || failing.pairs.take(`${network} ${id}`, at);
      return !(byAddress && byPair);
    },

    retryAfterSeconds(code: RefusalCode): number {
      if (code === 'too_many_attempts') return throttledSeconds.least + Math.floor(random() * throttledSeconds.spread);
      return ramp.seconds(now(), options.devices());
    },

    addressBehind: (peer: string, forwardedFor: string): string => limits.proxies.addressBehind(peer, forwardedFor),
    trusts: (peer: string): boolean => limits.proxies.trusts(peer),

    /** New limits from here on. */
    configure(config: AdmissionOptions['config']): void {
      limits = limitsOf(config, now());
    },
  };
}

function limitsOf({ admission, trustedProxies }: AdmissionOptions['config'], now: number) {
  const { connectsPerSecond, connectsBurst, addressConnectsPerSecond, addressConnectsBurst } = admission;
  const ofAll = { perSecond: connectsPerSecond, burst: connectsBurst };
  const ofAddress = { perSecond: addressConnectsPerSecond, burst: addressConnectsBurst };
  const widened = ({ perSecond, burst }: typeof ofAll) => ({
    perSecond: perSecond * connectionsPerLink,
    burst: burst * connectionsPerLink,
  });
  return {
    perSecond: connectsPerSecond,
    proxies: createProxies(trustedProxies),
    links: new TokenBucket(ofAll, now),
    linksOf: createBuckets(ofAddress, addressesMax),
    connections: new TokenBucket(widened(ofAll), now),
    connectionsOf: createBuckets(widened(ofAddress), addressesMax),
  };
}

/** An IPv6 customer has a /64 at least, so that counts as one address. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head, tail] = address.split('::');
  const words = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':');
    while (words.length + after.length < 8) words.push('0');
    words.push(...after);
  }
  return words.slice(0, 4).join(':');
}
