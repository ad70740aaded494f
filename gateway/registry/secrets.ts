import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * A new secret with 256 random bits after its prefix. Nobody can guess one, so a fast hash is enough to store it; a slow hash
 * would let forty bad logins per second stop the gateway.
 */
export function newSecret(prefix: 'tgd_' | 'tgk_'): string {
  return prefix + randomBytes(32).toString('base64url');
}

/** The SHA-256 of a secret: the only form of it that is stored. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Compares two SHA-256 digests in constant time. */
export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return timingSafeEqual(a, b);
}

/** Compared against when the device is unknown, so that this answer takes as long as a wrong secret. */
export const dummyHash = hashSecret(newSecret('tgd_'));
