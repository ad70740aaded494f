import { uuidv7 } from 'uuidv7';
import type { KeyRecord, Role } from '../domain/operators.js';
import type { RegistryChange } from '../domain/registryChange.js';
import type { Clock } from '../process/clock.js';
import { dummyHash, hashSecret, newSecret, sameHash } from './secrets.js';

export const roles = ['viewer', 'operator', 'admin'] as const satisfies readonly Role[];

/** Whether a key of role `has` may do what needs role `needs`. */
export function allows(has: Role, needs: Role): boolean {
  return roles.indexOf(has) >= roles.indexOf(needs);
}

export type Keys = ReturnType<typeof createKeys>;

/** The operators' keys, in memory; changes reach the disk before they count. */
export function createKeys(
  options: {
    clock: Clock;
    save(changes: RegistryChange[]): Promise<void>;
    /** The key has just been used; `lastUsedAt` says when. */
    used(key: KeyRecord): void;
  },
  restored: KeyRecord[],
) {
  const byId = new Map(restored.map((key) => [key.id, key]));

  /** The key record for the text of a key, or undefined; also where its time is over. Each is compared in constant time. */
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

  /** It is there, and its time is not over. */
  function isValid(id: string): boolean {
    const key = byId.get(id);
    return key !== undefined && (key.notAfter === null || options.clock.now() < key.notAfter);
  }

  async function create(
    { name, role, notAfter }: Pick<KeyRecord, 'name' | 'role' | 'notAfter'>,
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
    const record = { at, by, action: 'key_created', subject: key.id, detail: role };
    await options.save([
      { type: 'put_key', key },
      { type: 'audit', record },
    ]);
    byId.set(key.id, key);
    return { id: key.id, key: text };
  }

  /** False where there is no such key. */
  async function revoke(id: string, by: string): Promise<boolean> {
    if (!byId.has(id)) return false;
    const record = { at: options.clock.now(), by, action: 'key_revoked', subject: id, detail: null };
    await options.save([
      { type: 'remove_key', id },
      { type: 'audit', record },
    ]);
    byId.delete(id);
    return true;
  }

  return { authenticate, isValid, create, revoke, all: (): KeyRecord[] => [...byId.values()] };
}
