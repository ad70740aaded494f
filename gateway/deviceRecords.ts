import type { Clock } from './clock.js';
import { createLazyWrites } from './lazyWrites.js';
import { createAttempts } from './link/attempts.js';
import { createPresence } from './link/presence.js';
import type { RegistryChange, Restored } from './store/calls.js';
import type { Credential, Device, Model, Presence, PresenceRecord } from './types.js';

export interface DeviceRecordsOptions {
  clock: Clock;
  random(): number;
  restored: Restored;
  models: ReadonlyMap<string, Model>;
  known(id: string): boolean;
  lastFrameAt(deviceKey: number): number;
  save(changes: RegistryChange[]): Promise<void>;
  presenceChanged(device: Device, presence: Presence): void;
}

/** A presence is on disk some seconds after it changed, a last use within some minutes. */
const presenceEveryMs = 3_000;
const usesEveryMs = 60_000;
const batchMax = 500;

/** What is remembered of devices beside their readings: presence, refused attempts, when a credential was used. */
export function createDeviceRecords({ clock, random, restored, models, save, ...options }: DeviceRecordsOptions) {
  const lazily = { batchMax, random, save: (change: RegistryChange): Promise<void> => save([change]) };
  const presenceWrites = createLazyWrites<number>({
    ...lazily,
    everyMs: presenceEveryMs,
    changeOf(keys) {
      const records = keys
        .map((key) => presence.recordOf(key))
        .filter((record): record is PresenceRecord => record !== undefined);
      return records.length === 0 ? null : { type: 'put_presence', records };
    },
  });
  const presence = createPresence({
    clock,
    restored: restored.presence,
    endedAt: restored.newestCommitAt,
    expectedEveryMs({ model }) {
      const seconds = model === null ? undefined : models.get(model)?.expectedIntervalSeconds;
      return seconds === undefined ? null : seconds * 1000;
    },
    lastFrameAt: options.lastFrameAt,
    changed: options.presenceChanged,
    touched: presenceWrites.touch,
  });
  const useWrites = createLazyWrites<Credential>({
    ...lazily,
    everyMs: usesEveryMs,
    changeOf: (used) => ({
      type: 'credentials_used',
      uses: used.map(({ cid, lastUsedAt }) => ({ id: cid, at: lastUsedAt as number })),
    }),
  });

  return {
    presence,
    attempts: createAttempts({ clock, known: options.known }),
    /** A link was opened with it. */
    used(credential: Credential): void {
      credential.lastUsedAt = clock.now();
      useWrites.touch(credential);
    },
    async stop(): Promise<void> {
      await presenceWrites.stop();
      await useWrites.stop();
    },
  };
}
