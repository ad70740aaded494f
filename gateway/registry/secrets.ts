import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Secrets hold 256 random bits, so a fast hash is enough: nobody can guess one, and a slow hash would let
 * forty bad logins a second stop the gateway.
 */
export function newSecret(prefix: 'tgd_' | 'tgk_'): string {
  return prefix + randomBytes(32).toString('base64url');
}

export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Constant-time; both are SHA-256 digests. */
export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return timingSafeEqual(a, b);
}

/** Compared against when the device is unknown, so that this answer takes as long as a wrong secret. */
export const dummyHash = hashSecret(newSecret('tgd_'));
