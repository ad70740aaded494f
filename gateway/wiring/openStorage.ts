import type { ResolvedConfig } from '../config/config.js';
import { StartError } from '../process/startError.js';
import { openStore, type StoreOptions } from '../store/store.js';

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
