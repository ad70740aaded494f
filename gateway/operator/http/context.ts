import type { Logger } from 'pino';
import type { MqttState } from '../../bridge/openBridge.js';
import type { Batch } from '../../columns/batch.js';
import type { Batches } from '../../command/batches.js';
import type { Commands } from '../../command/commands.js';
import type { CommandRules } from '../../command/rules.js';
import type { Reloaded } from '../../config/reload.js';
import type { Setting } from '../../config/settings.js';
import type { CommandRecord } from '../../domain/command.js';
import type { Device, DeviceNews } from '../../domain/device.js';
import type { Model } from '../../domain/model.js';
import type { Presence } from '../../domain/presence.js';
import type { DamagedDay } from '../../domain/storedFiles.js';
import type { Counters } from '../../observe/counters.js';
import type { TracedFrame } from '../../observe/trace.js';
import type { Operations } from '../../operations/operations.js';
import type { Attempts } from '../../presence/attempts.js';
import type { Clock } from '../../process/clock.js';
import type { Keys } from '../../registry/keys.js';
import type { Registry } from '../../registry/registry.js';
import type { ReaderCalls } from '../../store/threads/calls.js';
import type { TransportName } from '../../transport/transport.js';

/** What the routes, the live feed and the metrics of the operator port use of the gateway. */
export interface OperatorContext extends Omit<Operations, 'resumeErasures'> {
  gatewayId: string;
  version: string;
  /** What speaks WebSocket and HTTP, and why. */
  transport: { name: TransportName; version: string; reason: string };
  /** Unix ms. */
  startedAt: number;
  clock: Clock;
  log: Logger;
  counters: Counters;
  registry: Registry;
  keys: Keys;
  /** By name. */
  models: ReadonlyMap<string, Model>;
  devicePort: number;
  deviceTls: boolean;
  /** device.publicUrl; null if it is not set. */
  deviceUrl: string | null;
  /** console.mapTiles; null if it is not set. */
  mapTiles: { url: string; attribution: string } | null;
  presence(device: Device): Presence;
  /** Traces the frames of these devices from now on, and of no others. */
  watchTraced(ids: ReadonlySet<string>): void;
  attempts: Attempts;
  /** Asks a reader thread: `await read('readings', query)`. */
  read<Name extends keyof ReaderCalls>(
    name: Name,
    ...args: Parameters<ReaderCalls[Name]>
  ): Promise<ReturnType<ReaderCalls[Name]>>;
  /** Moves what is committed into the day files. */
  seal(): Promise<void>;
  commands: Commands;
  batches: Batches;
  redact: CommandRules['redact'];
  status(): GatewayStatus;
  /** Reloads configuration, models and certificates. Throws ConfigError, StartError. */
  reload(): Promise<Reloaded>;
  /** Every setting as it is in force, without secrets. */
  settings(): Setting[];
  /** The state of the MQTT bridge; null: none is configured. */
  mqtt(): MqttState | null;
}

export interface GatewayStatus {
  /** `ready`: it accepts links. Every other state says why it does not. */
  state: 'ready' | 'storage_unavailable' | 'clock_untrusted' | 'overloaded' | 'stopping';
  /** Open links. */
  links: number;
  devices: number;
  /** Bytes of frames that are taken in and not committed yet. */
  queuedBytes: number;
  ackP50Ms: number;
  ackP99Ms: number;
  framesPerSecond: number;
  readingsPerSecond: number;
  dataFolder: string;
  diskFreeBytes: number;
  diskLow: boolean;
  unsealedReadings: number;
  /** Why readings are not removed although they are old enough; null: they are removed. */
  retentionPaused: string | null;
  /** The days of which a file cannot be used. */
  damagedDays: readonly DamagedDay[];
  /** Unix ms. */
  newestCommitAt: number;
}

/** What happens in the gateway, for the live feed. Readings come as the committed batch, so nothing is built if nobody listens. */
export interface LiveEvents {
  /** Devices were registered, edited or removed by operators. */
  devicesChanged(devices: readonly Device[], what: DeviceNews): void;
  /** A state of a command is on disk. */
  command(command: CommandRecord): void;
  /** A batch is on disk; `rids` are the ids of its rejected frames. */
  committed(batch: Batch, rids: string[]): void;
  /** The presence of a device has changed; `presence` makes it as it is now. */
  presence(device: Device, presence: () => Presence): void;
  /** A frame of a traced device was received or sent. */
  traced(frame: TracedFrame): void;
}
