import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ResolvedConfig } from '../config/config.js';
import { StartError } from '../process/startError.js';
import { syncPath } from '../store/dayFiles/days.js';
import { openStore, type StoreOptions } from '../store/store.js';
import type { Keys } from './keys.js';
import { newSecret } from './secrets.js';

type Told = Pick<StoreOptions, 'now' | 'retentionAllowed' | 'sealed' | 'worked' | 'archiveFailed' | 'died'>;

/** Opens the store of the data folder. Throws StartError: 74 disk, 75 another process has it, 78 newer data. */
export async function openDataFolder(config: ResolvedConfig, told: Told) {
  const { ballastBytes, sealReadings, sealIntervalSeconds, finishAfterSeconds } = config.store;
  const { retentionDays, rollupRetentionDays } = config.store;
  try {
    return await openStore({
      folder: config.data,
      ballastBytes,
      sealReadings,
      sealIntervalMs: sealIntervalSeconds * 1000,
      finishAfterMs: finishAfterSeconds * 1000,
      retentionDays,
      rollupRetentionDays,
      ...told,
    });
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    if (code === 'DATA_LOCKED') throw new StartError(75, message);
    if (code === 'DATA_NEWER') throw new StartError(78, message);
    throw new StartError(74, `The data folder ${config.data} cannot be opened: ${message}`);
  }
}

/**
 * The first start makes a key and leaves it where only this user can read it. The file is on disk before the key counts: after a
 * power cut in between there is no key yet, and the next start makes another, rather than one that nobody knows.
 */
export async function firstKey(folder: string, keys: Keys): Promise<string | null> {
  const file = join(folder, 'admin.key');
  if (keys.all().length === 0) {
    const text = newSecret('tgk_');
    writeFileSync(file, `${text}\n`, { mode: 0o600 });
    syncPath(file);
    syncPath(folder);
    await keys.create({ name: 'first key', role: 'admin', notAfter: null }, 'gateway', text);
  }
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
}
