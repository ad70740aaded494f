import { uuidv7 } from 'uuidv7';
import type { KeyRecord } from '../domain/operators.js';
import type { RegistryChange } from '../domain/registryChange.js';
import type { Clock } from '../process/clock.js';
import { audited } from './audit.js';
import { dummyHash, hashSecret, newSecret, sameHash } from './secrets.js';

/** What an operator gives for a new key; `notAfter` in Unix ms, or null for no end. */
export type NewKey = Pick<KeyRecord, 'name' | 'role' | 'notAfter'>;

/** The operators' keys, in memory. A change is on disk before it applies. */
export interface Keys {
  /** The key with this text, or undefined if there is none or it has expired. Every stored key is compared in constant time. */
  authenticate(text: string): KeyRecord | undefined;
  /** True while the key exists and has not expired. */
  isValid(id: string): boolean;
  /** Creates a key, with `text` as its secret if given. Only a hash is stored, so the returned text is read once. */
  create(wanted: NewKey, by: string, text?: string): Promise<{ id: string; key: string }>;
  /** False if there is no such key. */
  revoke(id: string, by: string): Promise<boolean>;
  all(): KeyRecord[];
}

export function createKeys(
  options: {
    clock: Clock;
    save(changes: RegistryChange[]): Promise<void>;
    /** Called when a key was used; its `lastUsedAt` is the time. */
    used(key: KeyRecord): void;
  },
  restored: KeyRecord[],
): Keys {
  const byId = new Map(restored.map((key) => [key.id, key]));

  function authenticate(text: string): KeyRecord | undefined {
    const hash = hashSecret(text);
    let found: KeyRecord | undefined;
    for (const key of byId.values()) if (sameHash(key.hash, hash)) found = key;
    if (byId.size === 0) sameHash(dummyHash, hash);
    if (found === undefined || !isValid(found.id)) return undefined;
    found.lastUsedAt = options.clock.now();
    options.used(found);
    return found;
  }

  function isValid(id: string): boolean {
    const key = byId.get(id);
    return key !== undefined && (key.notAfter === null || options.clock.now() < key.notAfter);
  }

  async function create(
    { name, role, notAfter }: NewKey,
    by: string,
    text = newSecret('tgk_'),
  ): Promise<{ id: string; key: string }> {
    const at = options.clock.now();
    const key: KeyRecord = {
      id: uuidv7(),
      name,
      role,
      hash: hashSecret(text),
      createdAt: at,
      notAfter,
      lastUsedAt: null,
    };
    await options.save([{ type: 'put_key', key }, audited(at, by, 'key_created', key.id, `${name}, ${role}`)]);
    byId.set(key.id, key);
    return { id: key.id, key: text };
  }

  async function revoke(id: string, by: string): Promise<boolean> {
    const key = byId.get(id);
    if (key === undefined) return false;
    await options.save([{ type: 'remove_key', id }, audited(options.clock.now(), by, 'key_revoked', id, key.name)]);
    byId.delete(id);
    return true;
  }

  return { authenticate, isValid, create, revoke, all: () => [...byId.values()] };
}
