import { type Credential, certificateCid, type Device } from '../domain/device.js';
import type { Model } from '../domain/model.js';
import type { KeyRecord } from '../domain/operators.js';
import type { Presence } from '../domain/presence.js';
import type { RegistryChange } from '../domain/registryChange.js';
import type { Clock } from '../process/clock.js';
import type { Restored } from '../store/threads/restored.js';
import { type Attempts, createAttempts } from './attempts.js';
import { createLazyWrites } from './lazyWrites.js';
import { createPresence, type PresenceBook } from './presence.js';

export interface RecordsOptions {
  clock: Clock;
  random(): number;
  restored: Restored;
  models: ReadonlyMap<string, Model>;
  /** Whether a device with this id exists. */
  known(id: string): boolean;
  /** When the last frame of the device was taken in: Unix ms, or 0. */
  lastFrameAt(deviceKey: number): number;
  /** Resolves when the changes are on disk. */
  save(changes: RegistryChange[]): Promise<void>;
  /** The presence of a device has changed; `presence` makes it as it is now. */
  presenceChanged(device: Device, presence: () => Presence): void;
}

/** A presence is on disk some seconds after it has changed. */
const presenceEveryMs = 3_000;

/** A last use is on disk some minutes later. */
const usesEveryMs = 60_000;

const batchMax = 500;

/** What the gateway remembers beside readings and the registry: presence, refused attempts, when a credential or key was used. */
export interface Records {
  presence: PresenceBook;
  attempts: Attempts;
  /** A link was opened with this credential. */
  credentialUsed(credential: Credential): void;
  /** A request came with this key; its `lastUsedAt` is the time. */
  keyUsed(key: KeyRecord): void;
  /** Writes what is not written yet. */
  stop(): Promise<void>;
}

export function createRecords({ clock, random, restored, models, save, ...options }: RecordsOptions): Records {
  const lazily = { batchMax, random, save: (change: RegistryChange): Promise<void> => save([change]) };
  const presenceWrites = createLazyWrites<number>({
    ...lazily,
    everyMs: presenceEveryMs,
    changeOf(keys) {
      const records = keys.map((key) => presence.recordOf(key)).filter((record) => record !== undefined);
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
        uses: used.map((record) => ({ id: idOf(record), at: record.lastUsedAt ?? 0 })),
      }),
    });
  const credentialWrites = useWrites<Credential>('credentials_used', ({ cid }) => cid);
  const keyWrites = useWrites<KeyRecord>('keys_used', ({ id }) => id);

  return {
    presence,
    attempts: createAttempts({ clock, known: options.known }),
    credentialUsed(credential) {
      // It stands for a client certificate and is stored nowhere.
      if (credential.cid === certificateCid) return;
      credential.lastUsedAt = clock.now();
      credentialWrites.touch(credential);
    },
    keyUsed: keyWrites.touch,
    async stop() {
      await presenceWrites.stop();
      await credentialWrites.stop();
      await keyWrites.stop();
    },
  };
}
