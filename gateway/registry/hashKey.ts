import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { syncPath } from '../store/sqlite/syncPath.js';

const keyBytes = 32;

/**
 * The key of the hashes by which the gateway recognises a repeated request, from `hash.key` in the data folder. Without a key,
 * whoever reads the data folder could try all values of a short secret until the hash fits.
 *
 * The first start makes the file, which only this user can read; a file of another length, which a power cut can leave, is made
 * again. Then a request that is repeated over the restart is refused, and not carried out twice.
 */
export function hashKey(folder: string): Buffer {
  const file = join(folder, 'hash.key');
  const known = existsSync(file) ? Buffer.from(readFileSync(file, 'utf8').trim(), 'base64url') : null;
  if (known?.length === keyBytes) return known;
  const key = randomBytes(keyBytes);
  writeFileSync(file, `${key.toString('base64url')}\n`, { mode: 0o600 });
  syncPath(file);
  syncPath(folder);
  return key;
}
