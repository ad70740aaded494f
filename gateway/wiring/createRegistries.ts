import { limits } from '../../schemas/tables/limits.js';
import { createLatest, type Latest } from '../columns/latest.js';
import { seriesKinds } from '../domain/series.js';
import { BatchInHand } from '../ingest/batchInHand.js';
import { Sources } from '../ingest/sources.js';
import { createRecords, type Records } from '../presence/lastSeen.js';
import { firstKey } from '../registry/firstKey.js';
import { createKeys, type Keys } from '../registry/keys.js';
import { createRegistry, type Registry } from '../registry/registry.js';
import type { Base } from './base.js';
import type { Storage } from './openStorage.js';

/** What the gateway knows, all of it in memory: devices, keys, series, newest values, who is online. */
export interface Registries {
  registry: Registry;
  keys: Keys;
  /** The first operator key, while <data>/admin.key exists. */
  adminKey: string | null;
  /** New series, streams and metric tables are declared in this batch. */
  inHand: BatchInHand;
  sources: Sources;
  latest: Latest;
  /** Whether the values of a series are strings. */
  isString(seriesId: number): boolean;
  /** Presence, refused attempts, last uses. */
  records: Records;
  close(): Promise<void>;
}

export async function createRegistries(base: Base, { restored, save }: Storage): Promise<Registries> {
  const { clock, config, current, events, random } = base;
  const registry = createRegistry({ clock, save, ended: events.deviceEnded, changed: events.devicesChanged }, restored);
  const inHand = new BatchInHand();
  const latest = createLatest();
  for (const { id } of restored.series) latest.reserve(id);
  const sources = new Sources({
    restored,
    models: current.models,
    batch: () => inHand.batch,
    seriesCreated: ({ id }) => latest.reserve(id),
  });
  const isString = (id: number): boolean => sources.seriesById(id).kind === seriesKinds.string;
  latest.take(restored.latest, isString, Number.POSITIVE_INFINITY);
  const records = createRecords({
    clock,
    random,
    restored,
    models: current.models,
    known: (id) => registry.get(id) !== undefined,
    lastFrameAt: sources.receivedAt,
    save,
    presenceChanged: events.presence,
  });
  const keys = createKeys({ clock, save, used: records.keyUsed }, restored.keys);
  const adminKey = await firstKey(config.data, keys);
  events.join({
    reloaded: sources.forgetModels,
    clockConfirmed(now) {
      sources.bringBack(now);
      latest.forgetAfter(now + limits.timeAheadMaxMs);
      for (const device of registry.all()) records.presence.bringBack(device, now);
    },
  });
  return { registry, keys, adminKey, inHand, sources, latest, isString, records, close: records.stop };
}
