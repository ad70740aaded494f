import { limits } from '../../schemas/tables/limits.js';
import type { Bridge } from '../bridge/openBridge.js';
import { type Batcher, createBatcher } from '../ingest/batcher.js';
import { answerEntries, type Entry, failEntries } from '../ingest/entries.js';
import { Ingest } from '../ingest/ingest.js';
import { countCommit } from '../observe/counters.js';
import { createMeter, type Meter } from '../observe/meter.js';
import type { Trace } from '../observe/trace.js';
import type { Base } from './base.js';
import type { Registries } from './createRegistries.js';
import type { Storage } from './openStorage.js';

/** A frame's way from its link to the disk and back: ingest, batch, commit, ack. */
export interface Intake {
  batcher: Batcher<Entry>;
  ingest: Ingest;
  /** Latency of acks, and rates. */
  meter: Meter;
}

interface Parts {
  storage: Storage;
  registries: Registries;
  trace: Trace;
  bridge: Pick<Bridge, 'refuses'>;
}

export function createIntake(base: Base, { storage, registries, trace, bridge }: Parts): Intake {
  const { config, clock, counters, events, monotonic, random, schedule } = base;
  const { store, availability, clockWatch } = storage;
  const { inHand, sources, latest, isString } = registries;
  const meter = createMeter(monotonic);
  const batcher = createBatcher<Entry>({
    inHand,
    intervalMs: config.store.commitIntervalMs,
    commit: (batch) => store.commit(batch, clock.now()),
    committed({ batch, ...commit }, entries, firstAt) {
      countCommit(counters, batch.readings, commit);
      clockWatch.committed(clock.now());
      latest.take(batch, isString, clock.now() + limits.timeAheadMaxMs);
      if (trace.on) trace.committed(entries, commit.position);
      answerEntries(entries, { counters, now: clock.now, schedule });
      if (trace.on) trace.acked();
      meter.acked(monotonic() - firstAt);
      events.committed(batch, commit.rids);
    },
    failed(error, entries) {
      counters.commitFailures++;
      if (trace.on) trace.failed(entries);
      storage.failed(error);
      failEntries(entries, () => 500 + random() * 2_500);
    },
    now: monotonic,
    schedule: (delayMs, run) => void (delayMs === 0 ? setImmediate(run) : setTimeout(run, delayMs)),
  });
  const ingest = new Ingest({
    clock,
    counters,
    batcher,
    sources,
    retentionMs: config.store.retentionDays * 86_400_000,
    seriesMax: config.limits.seriesPerDevice,
    queuedBytesMax: config.store.queuedBytesMax,
    backlogFull: bridge.refuses,
    writable: availability.writable,
    clockTrusted: clockWatch.trusts,
    clockWatch,
  });
  events.join({ reloaded: ({ config: { limits } }) => ingest.limitSeries(limits.seriesPerDevice) });
  return { batcher, ingest, meter };
}
