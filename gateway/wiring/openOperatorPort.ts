import { join, resolve } from 'node:path';
import { packageRoot } from '../../schemas/load.js';
import type { Bridge } from '../bridge/openBridge.js';
import type { Commanding } from '../command/commanding.js';
import type { Reloaded, Renew } from '../config/reload.js';
import type { Setting } from '../config/settings.js';
import type { Links } from '../link/links.js';
import { listenHost } from '../net/listenHost.js';
import type { Trace } from '../observe/trace.js';
import { createOperations, type Operations } from '../operations/operations.js';
import type { GatewayStatus } from '../operator/http/context.js';
import { startOperator } from '../operator/listener.js';
import { createLive, type Live } from '../operator/live/live.js';
import { version } from '../process/version.js';
import type { Base } from './base.js';
import type { Intake } from './createIntake.js';
import type { Registries } from './createRegistries.js';
import type { DevicePort } from './openDevicePort.js';
import type { Storage } from './openStorage.js';

/** Where operators connect. */
export interface OperatorPort {
  url: string;
  renew: Renew;
  close(): void;
}

/** What operators see and do, before any port is open. */
export interface OperatorSide {
  operations: Operations;
  live: Live;
  close(): void;
}

interface Parts {
  storage: Storage;
  registries: Registries;
  links: Links;
  commanding: Commanding;
  intake: Intake;
  trace: Trace;
  bridge: Bridge;
}

/** Makes the live feed and what takes operators longer, so that nothing that happens once a port is open is missed. */
export function createOperatorSide(base: Base, { storage, registries, intake, trace }: Parts): OperatorSide {
  const { clock, counters, events, log } = base;
  const { store, restored, save, clockWatch, diskWatch } = storage;
  const { registry, keys, sources, latest, records } = registries;
  let closed = false;
  const operations = createOperations({
    clock,
    log,
    gatewayId: base.gatewayId,
    restored,
    store,
    save,
    ingest: intake.ingest,
    batcher: intake.batcher,
    sources,
    latest,
    clockGuard: clockWatch,
    clockConfirmed: events.clockConfirmed,
    diskWatch,
    retention: {
      retentionDays: base.config.store.retentionDays,
      rollupRetentionDays: base.config.store.rollupRetentionDays,
    },
    backupSettings: base.config.backup,
    archiveFolder: base.config.store.archive,
    schedule: (delayMs, run) => base.schedule(delayMs, () => closed || run()),
  });
  const live = createLive({
    gatewayId: base.gatewayId,
    clock,
    counters,
    registry,
    keys,
    presence: records.presence.of,
    watchTraced: trace.watch,
    read: store.read,
    ...operations,
  });
  events.join(live.events);
  return {
    operations,
    live,
    close() {
      closed = true;
      live.stop();
    },
  };
}

/** Opens the port for operators. Throws StartError: 69 if it is taken, 78 if its certificate cannot be used. */
export async function openOperatorPort(
  base: Base,
  parts: Parts & { side: OperatorSide; devicePort: DevicePort; reload(): Promise<Reloaded>; settings(): Setting[] },
): Promise<OperatorPort> {
  const { config, clock, counters, current, log, startedAt } = base;
  const { registries, commanding, devicePort, side, storage, trace, bridge } = parts;
  return startOperator({
    ...config.operator,
    host: await listenHost(config.operator.host),
    transport: base.transport.transport,
    consoleFolder: join(packageRoot, 'dist', 'console'),
    apiPageFolder: join(packageRoot, 'dist', 'apiPage'),
    live: side.live,
    context: {
      gatewayId: base.gatewayId,
      version,
      transport: {
        name: base.transport.transport.name,
        version: base.transport.transport.version,
        reason: base.transport.reason,
      },
      startedAt,
      clock,
      log,
      counters,
      registry: registries.registry,
      keys: registries.keys,
      models: current.models,
      devicePort: devicePort.port,
      deviceTls: config.device.tls !== undefined,
      deviceUrl: config.device.publicUrl ?? null,
      mapTiles: config.console.mapTiles ?? null,
      ...side.operations,
      watchTraced: trace.watch,
      presence: registries.records.presence.of,
      attempts: registries.records.attempts,
      read: storage.store.read,
      seal: storage.store.seal,
      commands: commanding.commands,
      batches: commanding.batches,
      redact: commanding.redact,
      status: () => statusOf(base, parts),
      reload: parts.reload,
      settings: parts.settings,
      mqtt: bridge.state,
    },
  });
}

function statusOf(
  { config }: Base,
  { storage, registries, links, intake, devicePort }: Parts & { devicePort: DevicePort },
): GatewayStatus {
  const { diskWatch, clockWatch, store } = storage;
  return {
    state: devicePort.isDraining() ? 'stopping' : (devicePort.unavailable() ?? 'ready'),
    links: links.count(),
    devices: registries.registry.size(),
    queuedBytes: intake.batcher.queuedBytes(),
    ...intake.meter.read(),
    dataFolder: resolve(config.data),
    diskFreeBytes: diskWatch.freeBytes(),
    diskLow: diskWatch.isLow(),
    unsealedReadings: store.unsealedReadings(),
    retentionPaused: clockWatch.retentionPaused(),
    damagedDays: store.damagedDays(),
    newestCommitAt: clockWatch.newestCommitAt(),
  };
}
