import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { syncPath } from '../store/sqlite/syncPath.js';
import type { Keys } from './keys.js';
import { newSecret } from './secrets.js';

/**
 * The text of the first operator key, from `admin.key` in the data folder; null if an operator has deleted the file.
 *
 * The first start makes the key and writes the file, which only this user can read. The file is on disk before the key is
 * accepted: after a power cut in between there is no key yet, and the next start makes a new one. The other order could leave a
 * key whose text nobody knows.
 */
export async function firstKey(folder: string, keys: Keys): Promise<string | null> {
  const file = join(folder, 'admin.key');
  if (keys.all().length === 0) {
    const text = newSecret('tgk_');
    writeFileSync(file, `${text}\n`, { mode: 0o600 });
    syncPath(file);
    syncPath(folder);
    try {
      await keys.create({ name: 'first key', role: 'admin', notAfter: null }, 'gateway', text);
    } catch (error) {
      // Nobody should try a key that is not valid.
      rmSync(file);
      throw error;
    }
  }
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
}
