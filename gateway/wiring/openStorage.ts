import type { RegistryChange } from '../domain/registryChange.js';
import { type Availability, createAvailability } from '../health/availability.js';
import { type ClockWatch, createClockWatch } from '../health/clockWatch.js';
import { endsWith, isRefusedRow } from '../health/diskFailures.js';
import { createDiskWatch, type DiskWatch } from '../health/diskWatch.js';
import { createArchiveEvents } from '../observe/archiveEvents.js';
import { sqliteMessage } from '../process/sqliteMessage.js';
import { StartError } from '../process/startError.js';
import { builtAt } from '../process/version.js';
import { openStore, type Store, type StoreOptions } from '../store/store.js';
import type { Restored } from '../store/threads/restored.js';
import type { Base } from './base.js';

/** The data folder, and whether it can be written to and its clock believed. */
export interface Storage {
  store: Store;
  /** What the folder held at the start. */
  restored: Restored;
  availability: Availability;
  clockWatch: ClockWatch;
  diskWatch: DiskWatch;
  /** Writes changes of the registry, and resolves when they are on disk. Rejects if they are not. */
  save(changes: RegistryChange[]): Promise<void>;
  /** A write failed: the process ends, devices are refused for a while, or, if one row was faulty, an error is logged. */
  failed(error: Error & { code?: string | null }): void;
  close(): Promise<void>;
}

/**
 * Opens the data folder. Throws StartError: 73 if it cannot be made or written, 74 for the disk, 75 if another process has the folder, 78
 * for data of another version, for a missing database, or if better-sqlite3 does not load.
 */
export async function openStorage(base: Base): Promise<Storage> {
  const { config, clock, counters, log, fatal, monotonic, startedAt } = base;
  const archiveEvents = createArchiveEvents({ counters, log, fatal });
  const clockWatch = createClockWatch({
    clock,
    log,
    builtAt,
    startedAt,
    monotonic,
    synchronizedFile: config.clock.synchronizedFile,
  });
  const { store, restored } = await openDataFolder(base, {
    now: clock.now,
    retentionAllowed: clockWatch.retentionAllowed,
    sealed: archiveEvents.sealed,
    worked: archiveEvents.worked,
    archiveFailed: archiveEvents.failed,
    damaged: archiveEvents.damaged,
    died: (error) => fatal(error, 70),
  });
  log.info(
    { readings: restored.replayedReadings, devices: restored.devices.length, ms: Math.round(restored.replayMs) },
    'data folder opened, log replayed',
  );
  clockWatch.begin({
    newestCommitAt: restored.newestCommitAt,
    paused: restored.retentionPaused,
    pause: store.pauseRetention,
    steppedAheadMs: restored.clockSteppedAheadMs,
    stepped: store.clockStepped,
  });
  const availability = createAvailability({ probe: () => store.probe(clock.now()), log });

  function failed(error: Error & { code?: string | null }): void {
    if (isRefusedRow(error.code)) log.error({ err: error, code: error.code }, 'a row was refused by its table');
    else if (!endsWith(error, log, fatal)) availability.failed(error);
  }

  return {
    store,
    restored,
    availability,
    clockWatch,
    diskWatch: createDiskWatch({ folder: config.data, warnBytes: config.store.lowSpaceBytes, log }),
    failed,
    async save(changes) {
      try {
        await store.change(changes);
      } catch (error) {
        failed(error as Error);
        throw error;
      }
    },
    async close() {
      availability.stop();
      await store.close();
    },
  };
}

type Hooks = Pick<
  StoreOptions,
  'now' | 'retentionAllowed' | 'sealed' | 'worked' | 'archiveFailed' | 'damaged' | 'died'
>;

async function openDataFolder({ config }: Base, hooks: Hooks): ReturnType<typeof openStore> {
  const { ballastBytes, sealReadings, sealIntervalSeconds, finishAfterSeconds } = config.store;
  const { retentionDays, rollupRetentionDays } = config.store;
  try {
    return await openStore({
      folder: config.data,
      ballastBytes,
      startWithout: config.store.startWithout,
      sealReadings,
      sealIntervalMs: sealIntervalSeconds * 1000,
      finishAfterMs: finishAfterSeconds * 1000,
      retentionDays,
      rollupRetentionDays,
      ...hooks,
    });
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    if (code === 'DATA_UNUSABLE') throw new StartError(73, message);
    if (code === 'DATA_LOCKED') throw new StartError(75, message);
    if (code === 'DATA_NEWER' || code === 'DATA_OLDER' || code === 'DATA_MISSING') throw new StartError(78, message);
    if (code === 'SQLITE_FULL' || code === 'ENOSPC')
      throw new StartError(74, `The data folder ${config.data} cannot be opened: the disk is full. Free some space.`);
    const noSqlite = sqliteMessage(error as Error, process.versions.node);
    if (noSqlite !== null) throw new StartError(78, noSqlite);
    throw new StartError(74, `The data folder ${config.data} cannot be opened: ${message}`);
  }
}
