/**
 * operations/ holds what an operator can do that takes more than one part of the gateway: admitting rejected frames, long jobs on
 * the store, confirming the clock, looking up newest values. Routes and their bodies belong to operator/.
 */
import type { Logger } from 'pino';
import type { AuditAction } from '../../schemas/tables/auditActions.js';
import type { Latest } from '../columns/latest.js';
import type { Device } from '../domain/device.js';
import type { RegistryChange } from '../domain/registryChange.js';
import type { LatestValue, Series } from '../domain/series.js';
import type { StoredFiles } from '../domain/storedFiles.js';
import type { ClockWatch } from '../health/clockWatch.js';
import type { DiskWatch } from '../health/diskWatch.js';
import type { Batcher } from '../ingest/batcher.js';
import type { Entry } from '../ingest/entries.js';
import type { Ingest } from '../ingest/ingest.js';
import type { Sources } from '../ingest/sources.js';
import type { Clock } from '../process/clock.js';
import type { Store } from '../store/store.js';
import type { Restored } from '../store/threads/restored.js';
import { type AdmitResult, createAdmitRejected } from './admitRejected.js';
import { createDayArchive, type DayArchive } from './dayArchive.js';
import { type DiskForecast, diskForecast } from './diskForecast.js';
import { createJobs, type Jobs } from './jobs.js';
import { type BackupSettings, createScheduledBackups, type ScheduledBackups } from './scheduledBackups.js';

export interface OperationsOptions {
  clock: Clock;
  log: Logger;
  gatewayId: string;
  /** Erasures that were not done when the gateway stopped. */
  restored: Pick<Restored, 'erasures'>;
  store: Store;
  save(changes: RegistryChange[]): Promise<void>;
  ingest: Ingest;
  batcher: Batcher<Entry>;
  sources: Sources;
  latest: Latest;
  clockGuard: Pick<ClockWatch, 'confirm' | 'retentionPaused'>;
  /** Brings back what a wrong clock has set after this time, in every part of the gateway. */
  clockConfirmed(now: number): void;
  diskWatch: Pick<DiskWatch, 'freeBytes' | 'isLow'>;
  retention: { retentionDays: number; rollupRetentionDays: number };
  schedule(delayMs: number, run: () => void): void;
  backupSettings: BackupSettings;
  /** store.archive; undefined: there is no archive. */
  archiveFolder: string | undefined;
}

/** What the data folder holds, how it grows, and what is kept how long. */
export interface StorageReport extends StoredFiles, DiskForecast {
  freeBytes: number;
  /** Free space is under store.lowSpaceBytes. */
  low: boolean;
  /** Readings of the log that are not in day files yet. */
  unsealedReadings: number;
  retentionDays: number;
  rollupRetentionDays: number;
  /** Why readings are not removed although they are old enough; null: they are removed. */
  retentionPaused: string | null;
}

export interface Operations {
  /** Stores a rejected frame after all: its times are accepted, whatever the clock rules say. Answers how many readings it had. */
  admit(device: Device, rid: string, by: string): Promise<AdmitResult>;
  /** Adds to the audit trail who did what to which thing. Resolves when that is on disk. */
  audit(by: string, action: AuditAction, subject: string, detail: string | null): Promise<void>;
  /** An operator confirms that the gateway's clock is right. Resolves when that is on disk. */
  confirmClock(by: string): Promise<void>;
  jobs: Jobs;
  backups: ScheduledBackups;
  archive: DayArchive;
  /** What the data folder holds, and how long the disk lasts. */
  storage(): Promise<StorageReport>;
  /** Starts again the erasures that were not done when the gateway stopped. To be called once, when the gateway has started. */
  resumeErasures(): void;
  /** The newest value of each metric of a device, by metric name. */
  latest(device: Device): Record<string, LatestValue>;
  /** The newest value of a series; null if nothing of it is stored. */
  latestOf(seriesId: number): LatestValue | null;
  seriesById(id: number): Series;
  seriesOf(device: Device): Series[];
}

export function createOperations(options: OperationsOptions): Operations {
  const { clock, log, gatewayId, restored, store, save, batcher, sources, latest, clockGuard } = options;
  const admitRejected = createAdmitRejected({
    ingest: options.ingest,
    sources,
    readingsTaken: () => batcher.batch().readings,
  });

  const note = (by: string, action: AuditAction, subject: string, detail: string | null): RegistryChange => ({
    type: 'audit',
    record: { at: clock.now(), by, action, subject, detail },
  });

  /** Frames that are being admitted, by rid: a second request for one waits for the first, and is told what that did. */
  const admitting = new Map<string, Promise<AdmitResult>>();

  async function admit(device: Device, rid: string, by: string): Promise<AdmitResult> {
    for (let other = admitting.get(rid); other !== undefined; other = admitting.get(rid)) await other.catch(() => {});
    const own = admitAlone(device, rid, by).finally(() => admitting.delete(rid));
    admitting.set(rid, own);
    return own;
  }

  async function admitAlone(device: Device, rid: string, by: string): Promise<AdmitResult> {
    const row = await store.read('rejectedFrame', device.key, rid);
    if (row === null)
      return { ok: false, code: 'rejected_unknown', message: `Device ${device.id} has no rejected frame ${rid}` };
    if (row.admittedAt !== null)
      return { ok: false, code: 'already_admitted', message: `Frame ${rid} is already admitted` };
    const admitted = await admitRejected(device, row);
    if ('code' in admitted)
      return {
        ok: false,
        code: 'not_admissible',
        message: `The gateway still rejects it: ${admitted.message} (${admitted.code})`,
      };
    // The quarantine is in log.db and the audit in tidegate.db. The mark comes last: a frame that is marked has its record, and one that
    // is not marked can be admitted again, which stores no reading twice.
    await save([note(by, 'frame_admitted', device.id, rid)]);
    await store.markAdmitted(rid, clock.now());
    return { ok: true, readings: admitted.readings };
  }

  const jobs = createJobs({
    clock,
    log,
    run: store.run,
    async runExport(spec, progress, signal) {
      await batcher.drained();
      await store.seal();
      await store.export({ type: 'export', spec }, progress, signal);
    },
    schedule: options.schedule,
    async beforeErase({ key }) {
      store.leaveOut(key);
      await batcher.drained();
      await store.seal();
    },
    async afterErase({ id, key }) {
      await store.forget(key);
      await save([{ type: 'device_erased', deviceKey: key }, note('gateway', 'device_erased', id, null)]);
    },
  });

  const backups = createScheduledBackups({ clock, log, gatewayId, settings: options.backupSettings, jobs });

  const archive = createDayArchive({ clock, log, store, folder: options.archiveFolder });

  async function confirmClock(by: string): Promise<void> {
    const at = clock.now();
    // The record is in tidegate.db and the confirmation in log.db. The record comes first, so that nothing happens without one.
    await save([{ type: 'bring_back_commands', at }, note(by, 'clock_confirmed', gatewayId, null)]);
    await store.confirmClock(at);
    clockGuard.confirm(at);
    options.clockConfirmed(at);
    log.info({ now: new Date(at).toISOString(), by }, 'the clock is confirmed');
  }

  async function storage(): Promise<StorageReport> {
    const files = await store.read('fileSizes');
    const freeBytes = options.diskWatch.freeBytes();
    return {
      ...files,
      ...diskForecast(files.days, freeBytes, options.retention, clock.now()),
      freeBytes,
      low: options.diskWatch.isLow(),
      unsealedReadings: store.unsealedReadings(),
      ...options.retention,
      retentionPaused: clockGuard.retentionPaused(),
    };
  }

  const seriesOf = (device: Device): Series[] => [...sources.of(device).series.values()];

  function latestOf(seriesId: number): LatestValue | null {
    const series = sources.seriesById(seriesId);
    const newest = latest.get(series);
    return newest === null ? null : { ...newest, unit: series.unit };
  }

  return {
    admit,
    audit: (by, action, subject, detail) => save([note(by, action, subject, detail)]),
    confirmClock,
    jobs,
    backups,
    archive,
    storage,
    resumeErasures() {
      for (const device of restored.erasures) jobs.erase(device);
    },
    latest: (device) =>
      Object.fromEntries(
        seriesOf(device).flatMap(({ id, metric }): [string, LatestValue][] => {
          const newest = latestOf(id);
          return newest === null ? [] : [[metric, newest]];
        }),
      ),
    latestOf,
    seriesById: sources.seriesById,
    seriesOf,
  };
}
