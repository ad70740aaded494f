/**
 * admission/ decides by address and rate: who may connect, how often, when a refused device should come back, and how much a
 * device may send. Credentials are checked in registry/.
 */
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

export interface Admission {
  /** Whether a connection may continue. Asked before its first byte is read, so before TLS. */
  connection(peer: string): boolean;
  /** Whether a link may be made for a handshake from this address. Asked before credentials are checked. */
  handshake(address: string): boolean;
  /** Whether a wrong credential is answered only that it fails too often. */
  tooManyFailures(address: string, id: string | null): boolean;
  /** Seconds for Retry-After. */
  retryAfterSeconds(code: RefusalCode): number;
  /** The address of the device behind trusted proxies (X-Forwarded-For). */
  addressBehind(peer: string, forwardedFor: string): string;
  /** Whether the peer is a trusted proxy. */
  trusts(peer: string): boolean;
  /** Sets new limits. */
  configure(config: AdmissionOptions['config']): void;
}

/** In a storm there are many more connections than links. Beyond this multiple of the rate they are closed before they cost anything. */
const connectionsPerLink = 2;
const addressesMax = 20_000;
/** Wrong credentials that are answered 401; further ones 429. */
const failuresOfAddress = { perSecond: 1, burst: 60 };
const failuresOfPair = { perSecond: 0.1, burst: 5 };
/** How long a peer that fails too often waits, at least, and how much of a random spread is added. */
const throttledSeconds = { least: 30, spread: 60 };

/**
 * Who may try to connect, and when. Only the throttle looks at the device id, and it changes only how a failing attempt is
 * answered: nobody can lock a device out by guessing its id.
 */
export function createAdmission(options: AdmissionOptions): Admission {
  const { now, random } = options;
  const failing = {
    addresses: createBuckets(failuresOfAddress, addressesMax),
    pairs: createBuckets(failuresOfPair, addressesMax),
  };
  let limits = limitsOf(options.config, now());
  const ramp = createRamp({ perSecond: () => limits.perSecond, random });

  return {
    connection(peer) {
      const at = now();
      if (!limits.proxies.trusts(peer) && !limits.connectionsOf.take(networkOf(peer), at)) return false;
      return limits.connections.take(at);
    },

    handshake(address) {
      const at = now();
      return limits.linksOf.take(networkOf(address), at) && limits.links.take(at);
    },

    tooManyFailures(address, id) {
      const at = now();
      const network = networkOf(address);
      const byAddress = failing.addresses.take(network, at);
      const byPair = id === null || failing.pairs.take(`${network} ${id}`, at);
      return !(byAddress && byPair);
    },

    retryAfterSeconds(code) {
      if (code === 'too_many_attempts') return throttledSeconds.least + Math.floor(random() * throttledSeconds.spread);
      return ramp.seconds(now(), options.devices());
    },

    addressBehind: (peer, forwardedFor) => limits.proxies.addressBehind(peer, forwardedFor),
    trusts: (peer) => limits.proxies.trusts(peer),

    configure(config) {
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

/** What counts as one address: an IPv6 customer has at least a /64. */
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
