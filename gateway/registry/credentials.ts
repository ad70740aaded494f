import type { Credential } from '../domain/device.js';
import type { RegistryChange } from '../domain/registryChange.js';
import { RegistryError } from './errors.js';

/** When a credential is accepted: Unix ms, from and until before. */
export interface Window {
  notBefore?: number | null;
  notAfter?: number | null;
}

export interface Issued {
  secret: string;
  credential: Credential;
}

export type Retirement = Extract<RegistryChange, { type: 'retire_credential' }>;

export const retiredAt = (credentials: Credential[], end: number): Retirement[] =>
  credentials.map(({ cid, notAfter }) => ({
    type: 'retire_credential',
    cid,
    notAfter: Math.min(notAfter ?? end, end),
  }));

/** Those that are over do not count. */
export const credentialsMax = 8;

/** Throws window_invalid. */
export function checkWindow({ notBefore, notAfter }: Window, now: number): void {
  if (notAfter != null && notAfter <= Math.max(notBefore ?? 0, now))
    throw new RegistryError('window_invalid', `notAfter ${notAfter} is over already, or not after notBefore`);
}
