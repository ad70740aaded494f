import type { Logger } from 'pino';
import type { MqttState } from '../../bridge/openBridge.js';
import type { Batch } from '../../columns/batch.js';
import type { Batches } from '../../command/batches.js';
import type { Commands } from '../../command/commands.js';
import type { Reloaded } from '../../config/reload.js';
import type { CommandRecord } from '../../domain/command.js';
import type { Device } from '../../domain/device.js';
import type { Model } from '../../domain/model.js';
import type { Presence } from '../../domain/presence.js';
import type { LatestValue, Series } from '../../domain/series.js';
import type { Counters } from '../../observe/counters.js';
import type { TracedFrame } from '../../observe/trace.js';
import type { AdmitResult } from '../../operations/admitRejected.js';
import type { Jobs } from '../../operations/jobs.js';
import type { Attempts } from '../../presence/attempts.js';
import type { Clock } from '../../process/clock.js';
import type { Keys } from '../../registry/keys.js';
import type { Registry } from '../../registry/registry.js';
import type { ReaderCalls } from '../../store/threads/calls.js';

/** What the operator side needs of the rest; gateway.ts wires it. */
export interface OperatorContext {
  gatewayId: string;
  version: string;
  startedAt: number;
  clock: Clock;
  log: Logger;
  counters: Counters;
  registry: Registry;
  keys: Keys;
  /** The models that devices may be given, by name. */
  models: ReadonlyMap<string, Model>;
  devicePort: number;
  deviceTls: boolean;
  /** The newest value of each metric, by metric name. */
  latest(device: Device): Record<string, LatestValue>;
  /** The newest value of one series; null where nothing of it is stored. */
  latestOf(seriesId: number): LatestValue | null;
  seriesOf(device: Device): Series[];
  seriesById(id: number): Series;
  presence(device: Device): Presence;
  /** Frames of these devices are followed from now on. */
  watchTraced(ids: ReadonlySet<string>): void;
  attempts: Attempts;
  /** The reader worker: `await call('readings', query)`. */
  read<Name extends keyof ReaderCalls>(
    name: Name,
    ...args: Parameters<ReaderCalls[Name]>
  ): Promise<ReturnType<ReaderCalls[Name]>>;
  /** Brings what is committed into the day files. */
  seal(): Promise<void>;
  jobs: Jobs;
  commands: Commands;
  batches: Batches;
  /** Notes who did what to what. */
  audit(by: string, action: string, subject: string, detail: string | null): Promise<void>;
  /** The parameters of a command without what any model marks secret. */
  redact(name: string, params: Record<string, unknown>): Record<string, unknown>;
  /** Someone says that the gateway's clock is right. */
  confirmClock(by: string): Promise<void>;
  /** Stores a quarantined frame after all, under the clock rules waived; answers how many readings it held. */
  admit(device: Device, rid: string, by: string): Promise<AdmitResult>;
  status(): GatewayStatus;
  /** Reads configuration, models and certificates again. Throws ConfigError, StartError. */
  reload(): Promise<Reloaded>;
  /** Null: there is no bridge. */
  mqtt(): MqttState | null;
}

export interface GatewayStatus {
  /** `ready` takes links; the others say why it does not. */
  state: 'ready' | 'storage_unavailable' | 'clock_untrusted' | 'overloaded' | 'stopping';
  links: number;
  devices: number;
  queuedBytes: number;
  ackP50Ms: number;
  ackP99Ms: number;
  framesPerSecond: number;
  readingsPerSecond: number;
  dataFolder: string;
  diskFreeBytes: number;
  diskLow: boolean;
  unsealedReadings: number;
  /** Why nothing is removed for its age; null: it is. */
  retentionPaused: string | null;
  newestCommitAt: number;
}

/** What the live feed is told; readings come as the committed batch itself, so that nothing is built when nobody listens. */
export interface LiveEvents {
  command(command: CommandRecord): void;
  committed(batch: Batch, rids: string[]): void;
  /** `presence` makes what is known now. */
  presence(device: Device, presence: () => Presence): void;
  traced(frame: TracedFrame): void;
}
