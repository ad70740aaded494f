import type { Logger } from 'pino';
import type { Latest } from '../columns/latest.js';
import type { Device } from '../domain/device.js';
import type { RegistryChange } from '../domain/registryChange.js';
import type { LatestValue } from '../domain/series.js';
import type { ClockWatch } from '../health/clockWatch.js';
import type { Batcher } from '../ingest/batcher.js';
import type { Entry } from '../ingest/entries.js';
import type { Ingest } from '../ingest/ingest.js';
import type { Sources } from '../ingest/sources.js';
import type { OperatorContext } from '../operator/http/context.js';
import type { Clock } from '../process/clock.js';
import type { Store } from '../store/store.js';
import type { Restored } from '../store/threads/restored.js';
import { type AdmitResult, createAdmission } from './admitRejected.js';
import { createJobs } from './jobs.js';

export interface OperationsOptions {
  clock: Clock;
  log: Logger;
  gatewayId: string;
  restored: Pick<Restored, 'erasures'>;
  store: Store;
  save(changes: RegistryChange[]): Promise<void>;
  ingest: Ingest;
  batcher: Batcher<Entry>;
  sources: Sources;
  latest: Latest;
  clockGuard: Pick<ClockWatch, 'confirm'>;
  schedule(delayMs: number, run: () => void): void;
}

export type Operations = Pick<
  OperatorContext,
  'admit' | 'audit' | 'confirmClock' | 'jobs' | 'latest' | 'latestOf' | 'seriesById' | 'seriesOf'
>;

/** What operators see and do that takes more than one part of the gateway. */
export function createOperations(options: OperationsOptions): Operations {
  const { clock, log, gatewayId, restored, store, save, batcher, sources, latest, clockGuard } = options;
  const admitFrame = createAdmission({
    ingest: options.ingest,
    sources,
    readingsTaken: () => batcher.batch().readings,
  });

  const note = (by: string, action: string, subject: string, detail: string | null): RegistryChange => ({
    type: 'audit',
    record: { at: clock.now(), by, action, subject, detail },
  });

  async function admit(device: Device, rid: string, by: string): Promise<AdmitResult> {
    const row = await store.read('rejectedFrame', device.key, rid);
    if (row === null)
      return { ok: false, code: 'rejected_unknown', message: `Device ${device.id} has no rejected frame ${rid}` };
    if (row.admittedAt !== null)
      return { ok: false, code: 'already_admitted', message: `Frame ${rid} was admitted before` };
    const admitted = await admitFrame(device, row);
    if ('code' in admitted)
      return { ok: false, code: 'not_admissible', message: `${admitted.code}: ${admitted.message}` };
    await store.markAdmitted(rid, clock.now());
    await save([note(by, 'frame_admitted', device.id, rid)]);
    return { ok: true, readings: admitted.readings };
  }

  // What takes long: copies of the store, and devices that leave with their data.
  const jobs = createJobs({
    clock,
    log,
    run: store.run,
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
  for (const device of restored.erasures) jobs.erase(device);

  async function confirmClock(by: string): Promise<void> {
    const at = clock.now();
    await store.confirmClock(at);
    clockGuard.confirm(at);
    await save([note(by, 'clock_confirmed', gatewayId, null)]);
    log.info({ now: new Date(at).toISOString(), by }, 'the clock is confirmed');
  }

  const seriesOf: Operations['seriesOf'] = (device) => [...sources.of(device).series.values()];

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
