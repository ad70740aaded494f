import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { packageRoot } from '../schemas/load.js';
import { limits } from '../schemas/tables/limits.js';
import { createAdmission } from './admission/admission.js';
import { createDeviceRates } from './admission/deviceRates.js';
import { noMqtt, openMqtt } from './bridge/openBridge.js';
import { bridgeSettings } from './bridge/settings.js';
import { createLatest } from './columns/latest.js';
import { createBatches } from './command/batches.js';
import { createCommands } from './command/commands.js';
import { createCommandRules } from './command/rules.js';
import type { ResolvedConfig } from './config/config.js';
import { createReload, type Loaded, type Reloaded } from './config/reload.js';
import type { Device } from './domain/device.js';
import type { Model } from './domain/model.js';
import { seriesKinds } from './domain/series.js';
import { createAvailability } from './health/availability.js';
import { type ClockGuard, createClockGuard } from './health/clockGuard.js';
import { endsWith, isRefusedRow } from './health/diskFailures.js';
import { createDiskWatch } from './health/diskWatch.js';
import { createBatcher } from './ingest/batcher.js';
import { answerEntries, type Entry, failEntries } from './ingest/entries.js';
import { createIngest } from './ingest/ingest.js';
import { createSources } from './ingest/sources.js';
import { answers } from './link/answers.js';
import { drainLinks } from './link/drain.js';
import type { Accepted } from './link/handshake.js';
import { Link } from './link/link.js';
import { createLinks } from './link/links.js';
import { listenForDevices } from './link/listener.js';
import { createMessages } from './link/messages.js';
import { createArchiveEvents } from './observe/archiveEvents.js';
import { createCounters } from './observe/counters.js';
import { createMeter } from './observe/meter.js';
import { createTrace } from './observe/trace.js';
import { createOperations } from './operations/operations.js';
import type { GatewayStatus, LiveEvents } from './operator/http/context.js';
import { startOperator } from './operator/listener.js';
import { createRecords } from './presence/lastSeen.js';
import type { Clock } from './process/clock.js';
import { builtAt, version } from './process/version.js';
import { firstKey } from './registry/firstKey.js';
import { createKeys } from './registry/keys.js';
import { createRegistry } from './registry/registry.js';
import { openDataFolder } from './wiring/openStorage.js';

export interface GatewayOptions {
  config: ResolvedConfig;
  models: ReadonlyMap<string, Model>;
  /** Reads configuration and models again. Throws ConfigError. */
  load(): Loaded;
  log: Logger;
  clock: Clock;
  /** In [0, 1): spreads what must not happen at once. */
  random(): number;
  /** The process cannot go on: end it with this code. */
  fatal(error: Error, exitCode: number): void;
}

export interface Gateway {
  /** ws://host:port/v1/device */
  deviceUrl: string;
  operatorUrl: string;
  dataFolder: string;
  /** The first key, while <data>/admin.key is there. */
  adminKey: string | null;
  sqliteVersion: string;
  /** Takes models, limits, log level and certificates anew. Throws ConfigError, StartError; then the old ones stay. */
  reload(): Promise<Reloaded>;
  /** Says goodbye to every link, commits what was taken in, and closes the store. */
  stop(): Promise<void>;
}

/** Some 2,000 ended commands leave at a time. */
const trimEveryMs = 10_000;

const retentionAdvice =
  'nothing is removed for its age until someone says that the clock is right: tidegate confirm-clock';

/** The whole gateway, in the order in which a frame meets its parts. Throws StartError. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, log, clock, random, fatal } = options;
  /** What a reload can change: limits, and the content of `models`. */
  let { limits: bounds } = config;
  const models = new Map(options.models);
  const startedAt = clock.now();
  let clockGuard: ClockGuard;
  let mqtt = noMqtt;
  const monotonic = (): number => performance.now();
  const bridge = bridgeSettings(config, models, version);
  const counters = createCounters();
  const archiveEvents = createArchiveEvents({ counters, log, fatal });
  const { store, restored } = await openDataFolder(config, {
    now: clock.now,
    retentionAllowed() {
      watchClock();
      return clockGuard.retentionPaused() === null && clockGuard.trusts(clock.now());
    },
    sealed: archiveEvents.sealed,
    worked: archiveEvents.worked,
    archiveFailed: (error, what) => archiveEvents.failed(error, what),
    died: (error) => fatal(error, 70),
  });
  log.info(
    { readings: restored.replayedReadings, devices: restored.devices.length, ms: Math.round(restored.replayMs) },
    'data folder opened, log replayed',
  );

  // What is known: devices and keys, series and streams, newest values.
  const save = (changes: Parameters<typeof store.change>[0]): Promise<void> => store.change(changes).catch(failed);
  const registry = createRegistry({ clock, save, ended: endDevice }, restored);
  const keys = createKeys({ clock, save, used: (key) => records.keyUsed(key) }, restored.keys);
  const latest = createLatest();
  for (const { id } of restored.series) latest.reserve(id);
  clockGuard = createClockGuard({
    builtAt,
    startedAt,
    newestCommitAt: restored.newestCommitAt,
    paused: restored.retentionPaused,
    pause: (why) => void store.pauseRetention(why).catch((error) => log.warn({ err: error }, 'pause not stored')),
  });
  if (clockGuard.retentionPaused() !== null) log.warn({ why: clockGuard.retentionPaused() }, retentionAdvice);
  function watchClock(): void {
    if (clockGuard.tick(clock.now(), monotonic())) log.warn({ why: clockGuard.retentionPaused() }, retentionAdvice);
  }
  const diskWatch = createDiskWatch({ folder: config.data, warnBytes: config.store.lowSpaceBytes, log });
  const availability = createAvailability({ probe: () => store.probe(clock.now()), log });
  const meter = createMeter(monotonic);
  // Devices are let in before operators are.
  let live: LiveEvents = { committed() {}, presence() {}, command() {}, traced() {} };

  // A frame's way: link, ingest, batch, commit, and back as an ack.
  const batcher = createBatcher<Entry>({
    intervalMs: config.store.commitIntervalMs,
    commit: (batch) => store.commit(batch, clock.now()),
    committed,
    failed: commitFailed,
    now: monotonic,
    schedule: (delayMs, run) => void (delayMs === 0 ? setImmediate(run) : setTimeout(run, delayMs)),
  });
  const sources = createSources({
    restored,
    models,
    batch: batcher.batch,
    seriesCreated: ({ id }) => latest.reserve(id),
  });
  const isString = (id: number): boolean => sources.seriesById(id).kind === seriesKinds.string;
  latest.take(restored.latest, isString);
  const ingest = createIngest({
    clock,
    counters,
    batcher,
    sources,
    retentionMs: config.store.retentionDays * 86_400_000,
    seriesMax: config.limits.seriesPerDevice,
    queuedBytesMax: config.store.queuedBytesMax,
    backlogFull: () => mqtt.refuses(),
    writable: availability.writable,
    clockTrusted: clockGuard.trusts,
  });
  const trace = createTrace({
    now: clock.now,
    monotonic,
    batchReadings: () => batcher.batch().readings,
    bridged: config.mqtt.url !== undefined,
    tell: (frame) => live.traced(frame),
  });
  const records = createRecords({
    clock,
    random,
    restored,
    models,
    known: (id) => registry.get(id) !== undefined,
    lastFrameAt: sources.receivedAt,
    save,
    presenceChanged(device, presence) {
      live.presence(device, presence);
      mqtt.presence(device, presence);
    },
  });
  const links = createLinks({ counters, presence: records.presence });
  const rates = createDeviceRates({
    now: monotonic,
    limitsOf: (model) => ({ ...bounds.device, ...(model === null ? {} : models.get(model)?.limits) }),
  });
  rates.configure(models.keys());
  const messages = createMessages({
    clock,
    rates,
    ingest,
    answers,
    trace,
    hello(link, { agent, firmware, attributes, maxCommandBytes, expectEveryMs }) {
      if (link.introduced) return;
      link.introduced = true;
      if (maxCommandBytes !== undefined) link.maxCommandBytes = Math.min(maxCommandBytes, limits.maxFrameBytes);
      link.agent = agent ?? null;
      link.firmware = firmware ?? null;
      link.expectEveryMs = expectEveryMs ?? 0;
      const { device } = link.source;
      registry.describe(device, attributes ?? {}).catch((error) => log.warn({ err: error }, 'attributes not stored'));
      records.presence.introduced(link);
      commands.linked(device);
    },
    commandUpdate: (link, update) => commands.update(link.source.device, update),
  });

  // Commands go the other way.
  const rules = createCommandRules(models);
  const schedule = (delayMs: number, run: () => void): void => void setTimeout(run, delayMs).unref();
  const batches = createBatches({
    clock,
    commands: () => commands,
    restored: restored.batches,
    openCommands: restored.commands,
    deviceByKey: registry.byKey,
    redact: rules.redact,
    save,
    schedule,
  });
  const commands = createCommands({
    clock,
    counters,
    rules,
    restored: restored.commands,
    gate: batches.gate,
    deviceOf: registry.byKey,
    linkOf: links.of,
    save,
    readCommand: (id) => store.read('command', id),
    readByKey: (by, key) => store.read('commandByKey', by, key),
    schedule,
    inFlightMax: config.commands.inFlightPerDevice,
    perDeviceMax: config.commands.openPerDevice,
    openMax: config.commands.open,
    moved(command) {
      batches.moved(command);
      live.command(command);
      mqtt.commandMoved(command);
    },
  });

  function committed(
    { batch, ...commit }: Awaited<ReturnType<typeof store.commit>>,
    entries: Entry[],
    firstAt: number,
  ): void {
    counters.commits++;
    counters.commitSeconds += commit.commitMs / 1000;
    counters.logBytes += commit.bytes;
    counters.readingsStored += batch.readings;
    counters.readingsRepeated += commit.repeated;
    counters.rejectedDropped += commit.rejectedDropped;
    clockGuard.committed(clock.now());
    latest.take(batch, isString);
    if (trace.on) trace.committed(entries, commit.position);
    answerEntries(entries, counters);
    if (trace.on) trace.acked();
    meter.acked(monotonic() - firstAt);
    live.committed(batch, commit.rids);
  }

  function commitFailed(error: Error & { code?: string | null }, entries: Entry[]): void {
    counters.commitFailures++;
    if (trace.on) trace.failed(entries);
    failed(error, false);
    failEntries(entries, () => 500 + random() * 2_500);
  }

  /** A write has failed: for a while, or for good. One that breaks a rule of its table is a fault of ours, and others go on. */
  function failed(error: Error & { code?: string | null }, again = true): void {
    if (isRefusedRow(error.code)) log.error({ err: error, code: error.code }, 'a row was refused by its table');
    else if (!endsWith(error, log, fatal)) availability.failed(error);
    if (again) throw error;
  }

  // Where devices connect.
  let stopping = false;
  const unavailable = (): 'overloaded' | 'storage_unavailable' | 'clock_untrusted' | null => {
    if (!availability.writable()) return 'storage_unavailable';
    if (!clockGuard.trusts(clock.now())) return 'clock_untrusted';
    const full = links.count() >= bounds.links || batcher.queuedBytes() > config.store.queuedBytesMax;
    return stopping || full || mqtt.refuses() ? 'overloaded' : null;
  };
  const linkLimits = { backlogBytesMax: config.limits.backlogBytes, badFramesMax: config.limits.badFrames };
  const makeLink = ({ device, credential, stream: name, subprotocol, encoding }: Accepted, address: string): Link => {
    const source = sources.of(device);
    const now = clock.now();
    records.credentialUsed(credential);
    const stream = name === null ? sources.ownStream(`link-${randomUUID()}`) : sources.streamOf(source, name, now);
    const facts = {
      source,
      stream,
      toldSeq: stream.mark,
      credential,
      encoding,
      subprotocol,
      address,
      openedAt: now,
    };
    return new Link(facts, linkLimits, answers, clock.now);
  };
  const admission = createAdmission({ config, now: monotonic, random, devices: registry.size });
  const devicePort = await listenForDevices({
    ...config.device,
    authenticate: registry.authenticate,
    authenticateSecret: registry.authenticateSecret,
    unavailable,
    backlogBytesMax: config.limits.backlogBytes,
    clock,
    log,
    counters,
    links,
    makeLink,
    refused: records.attempts.note,
    admission,
    clientSubjectHeader: config.admission.clientSubjectHeader,
    authenticateSubject: registry.authenticateSubject,
    opened(link) {
      const { window, maxFrameBytes, keepaliveSeconds } = limits;
      const welcome = {
        type: 'welcome',
        window,
        lastSeq: link.toldSeq,
        serverTime: clock.now(),
        maxFrameBytes,
        keepaliveSeconds,
      } as const;
      link.send(answers.welcome(link.encoding, link.source.device.id, link.stream.name, welcome));
      commands.linked(link.source.device);
    },
    receive: messages.receive,
  }).catch(closeStoreAndThrow);

  function endDevice(
    device: Device,
    why: 'device_disabled' | 'device_removed' | 'credential_revoked',
    cid?: string,
  ): void {
    links.end(device, why, cid);
    if (why !== 'device_removed') return;
    commands.deviceRemoved(device);
    records.presence.forget(device);
    mqtt.deviceRemoved(device);
    sources.forget(device.key);
  }

  // Where operators connect.
  const operations = createOperations({
    clock,
    log,
    gatewayId: config.gatewayId,
    restored,
    store,
    save,
    ingest,
    batcher,
    sources,
    latest,
    clockGuard,
    schedule: (delayMs, run) => schedule(delayMs, () => stopping || run()),
  });

  function status(): GatewayStatus {
    const why = unavailable();
    return {
      state: stopping ? 'stopping' : (why ?? 'ready'),
      links: links.count(),
      devices: registry.size(),
      queuedBytes: batcher.queuedBytes(),
      ...meter.read(),
      dataFolder: resolve(config.data),
      diskFreeBytes: diskWatch.freeBytes(),
      diskLow: diskWatch.isLow(),
      unsealedReadings: store.unsealedReadings(),
      retentionPaused: clockGuard.retentionPaused(),
      newestCommitAt: clockGuard.newestCommitAt(),
    };
  }

  const operator = await startOperator({
    ...config.operator,
    consoleFolder: join(packageRoot, 'dist', 'console'),
    apiPageFolder: join(packageRoot, 'dist', 'apiPage'),
    context: {
      gatewayId: config.gatewayId,
      version,
      startedAt,
      clock,
      log,
      counters,
      registry,
      keys,
      models,
      devicePort: devicePort.port,
      deviceTls: config.device.tls !== undefined,
      ...operations,
      watchTraced: trace.watch,
      presence: records.presence.of,
      attempts: records.attempts,
      read: store.read,
      seal: store.seal,
      commands,
      batches,
      redact: rules.redact,
      status,
      reload: () => reload(),
      mqtt: () => mqtt.state(),
    },
  }).catch((error) => {
    devicePort.close();
    return closeStoreAndThrow(error);
  });
  live = operator.live;

  // What is committed also goes to MQTT, by a thread of its own, and commands come from there.
  const bridged = (position: number): void => {
    if (trace.on) trace.bridged(position);
  };
  const mqttParts = { settings: bridge, folder: config.data, log, clock, store, restored, registry, commands };
  mqtt = await openMqtt({ ...mqttParts, presence: records.presence.of, bridged }).catch((error) => {
    operator.close();
    devicePort.close();
    return closeStoreAndThrow(error);
  });

  let trimmedAt = 0;
  function trimCommands(): void {
    trimmedAt = clock.now();
    const before = trimmedAt - config.commands.keepDays * 86_400_000;
    save([{ type: 'trim_commands', before }]).catch((error) => log.warn({ err: error }, 'old commands not removed'));
  }

  const adminKey = await firstKey(config.data, keys);
  let tickedAt = monotonic();
  const ticks = setInterval(() => {
    const now = monotonic();
    commands.tick();
    if (clock.now() - trimmedAt > trimEveryMs) trimCommands();
    diskWatch.tick(now);
    watchClock();
    meter.tick(counters.framesReceived, counters.readingsStored, now - tickedAt);
    tickedAt = now;
  }, 1_000);

  async function closeStoreAndThrow(error: Error): Promise<never> {
    await store.close();
    throw error;
  }

  const reload = createReload({
    load: options.load,
    current: { config, models: options.models },
    listeners: { device: devicePort.renew, operator: operator.renew },
    apply({ config: next, models: fresh }) {
      bounds = next.limits;
      Object.assign(linkLimits, { badFramesMax: bounds.badFrames });
      ingest.limitSeries(bounds.seriesPerDevice);
      admission.configure(next);
      models.clear();
      for (const [name, model] of fresh) models.set(name, model);
      sources.forgetModels();
      rules.configure(models);
      rates.configure(models.keys());
    },
    log,
  });

  let stopped: Promise<void> | null = null;
  async function shutDown(): Promise<void> {
    stopping = true;
    clearInterval(ticks);
    devicePort.stopListening();
    await drainLinks({ links, drained: batcher.drained, random, ...config.shutdown });
    availability.stop();
    devicePort.close();
    operator.close();
    await mqtt.stop();
    await records.stop();
    await store.close();
  }

  const host = (name: string): string =>
    name === '0.0.0.0' || name === '::' ? '127.0.0.1' : name.includes(':') ? `[${name}]` : name;
  const scheme = config.device.tls === undefined ? 'ws' : 'wss';
  return {
    deviceUrl: `${scheme}://${host(config.device.host)}:${devicePort.port}/v1/device`,
    operatorUrl: operator.url,
    dataFolder: config.data,
    adminKey,
    sqliteVersion: restored.sqliteVersion,
    reload,
    stop: () => (stopped ??= shutDown()),
  };
}
