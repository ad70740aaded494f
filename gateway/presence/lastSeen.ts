import type { Credential, Device } from '../domain/device.js';
import type { Model } from '../domain/model.js';
import type { KeyRecord } from '../domain/operators.js';
import type { Presence, PresenceRecord } from '../domain/presence.js';
import type { RegistryChange } from '../domain/registryChange.js';
import type { Clock } from '../process/clock.js';
import type { Restored } from '../store/threads/restored.js';
import { createAttempts } from './attempts.js';
import { createLazyWrites } from './lazyWrites.js';
import { createPresence } from './presence.js';

export interface RecordsOptions {
  clock: Clock;
  random(): number;
  restored: Restored;
  models: ReadonlyMap<string, Model>;
  known(id: string): boolean;
  lastFrameAt(deviceKey: number): number;
  save(changes: RegistryChange[]): Promise<void>;
  presenceChanged(device: Device, presence: () => Presence): void;
}

/** A presence is on disk some seconds after it changed, a last use within some minutes. */
const presenceEveryMs = 3_000;

const usesEveryMs = 60_000;

const batchMax = 500;

export type Records = ReturnType<typeof createRecords>;

/** What is remembered beside readings and what people manage: presence, refused attempts, when a credential or key was used. */
export function createRecords({ clock, random, restored, models, save, ...options }: RecordsOptions) {
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
  const useWrites = <Used>(type: 'credentials_used' | 'keys_used', idOf: (used: Used) => string) =>
    createLazyWrites<Used & { lastUsedAt: number | null }>({
      ...lazily,
      everyMs: usesEveryMs,
      changeOf: (used) => ({
        type,
        uses: used.map((one) => ({ id: idOf(one), at: one.lastUsedAt ?? 0 })),
      }),
    });
  const credentialWrites = useWrites<Credential>('credentials_used', ({ cid }) => cid);
  const keyWrites = useWrites<KeyRecord>('keys_used', ({ id }) => id);

  return {
    presence,
    attempts: createAttempts({ clock, known: options.known }),
    /** A link was opened with it. */
    credentialUsed(credential: Credential): void {
      credential.lastUsedAt = clock.now();
      credentialWrites.touch(credential);
    },
    keyUsed: keyWrites.touch,
    async stop(): Promise<void> {
      await presenceWrites.stop();
      await credentialWrites.stop();
      await keyWrites.stop();
    },
  };
}
