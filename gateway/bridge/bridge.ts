import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type {
  BridgeSettings,
  BridgeStatus,
  CommandAnswer,
  DeviceFacts,
  Dropped,
  FromBridge,
  IncomingCommand,
  ToBridge,
} from './calls.js';
import { createTeller, listen } from './port.js';

/** The name of its cursor. */
export const mqttConsumer = 'mqtt';

/** The position is saved so often at most; after a crash what was acknowledged since comes again. */
const saveEveryMs = 1_000;

const stopMsMax = 5_000;

/** A thread that ended by itself is started again after so long. */
const restartMs = 5_000;

/** A connection that comes and goes is logged so often at most. */
const logEveryMs = 1_000;

export interface BridgeOptions {
  settings: BridgeSettings;
  folder: string;
  /** Of its cursor. */
  position: number;
  log: Logger;
  devices(): DeviceFacts[];
  moveCursor(position: number): Promise<void>;
  /** The broker has everything up to there. */
  acknowledged?(position: number): void;
  /** A message on a command topic; resolves when it was dealt with. */
  receive(message: IncomingCommand, answer: (answer: CommandAnswer) => void): Promise<void>;
}

/** Counts since the gateway started. */
export interface BridgeCounts {
  telemetryAcked: number;
  othersAcked: number;
  answersLost: number;
  resent: number;
  refused: number;
  connects: number;
  connectionsLost: number;
  framesDropped: Record<Dropped['why'], number>;
}

export type Bridge = ReturnType<typeof startBridge>;

/**
 * The main thread's end of the bridge. Whatever happens to its thread or its broker, nothing here waits for it: the log keeps what
 * is not bridged, within its bounds.
 */
export function startBridge(options: BridgeOptions) {
  const { settings, log } = options;
  let { position } = options;
  let saved = position;
  let saving: Promise<void> | null = null;
  let stopping: (() => void) | null = null;
  let status: BridgeStatus | null = null;
  let loggedAt = Number.NEGATIVE_INFINITY;
  let suppressed = 0;
  const counts: BridgeCounts = {
    ...{ telemetryAcked: 0, othersAcked: 0, answersLost: 0, resent: 0, refused: 0, connects: 0, connectionsLost: 0 },
    framesDropped: { bytes: 0, age: 0, unsendable: 0 },
  };
  const counted = ['telemetryAcked', 'othersAcked', 'answersLost', 'resent', 'refused'] as const;
  let { worker, tell } = startThread();
  const saveTimer = setInterval(() => void save(), saveEveryMs);
  saveTimer.unref();

  /** One at a time; what moved in between is saved the next time. */
  function save(): Promise<void> {
    if (saving !== null || position === saved) return saving ?? Promise.resolve();
    const next = position;
    saving = options
      .moveCursor(next)
      .then(() => {
        saved = next;
      })
      .catch((error) => log.warn({ err: error }, 'the position of the bridge was not saved; it is tried again'))
      .finally(() => {
        saving = null;
      });
    return saving;
  }

  function startThread() {
    const worker = new Worker(new URL('./thread/thread.js', import.meta.url), {
      workerData: { folder: options.folder, settings },
    });
    const tell = createTeller<ToBridge>(worker);
    let told: BridgeStatus | null = null;
    listen<FromBridge>(worker, {
      status(now) {
        for (const name of counted) counts[name] += now[name] - (told?.[name] ?? 0);
        told = status = now;
      },
      moved: (to) => {
        position = Math.max(position, to);
        options.acknowledged?.(position);
      },
      dropped,
      connection,
      command: (message) => void receive(message),
      stopped: () => stopping?.(),
    });
    worker.on('error', (error) => log.error({ err: error }, 'the bridge failed; it starts again in a while'));
    worker.on('exit', ended);
    tell.start(position, options.devices());
    return { worker, tell };
  }

  function ended(): void {
    if (status !== null) status = { ...status, connected: false };
    if (stopping !== null) return stopping();
    setTimeout(() => {
      if (stopping === null) ({ worker, tell } = startThread());
    }, restartMs).unref();
  }

  function dropped(what: Dropped): void {
    counts.framesDropped[what.why] += what.frames;
    const { from, to, ...rest } = what;
    const span = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
    log.error(
      { ...rest, ...span },
      what.why === 'unsendable'
        ? 'a frame has no name to be sent under'
        : 'the backlog of the bridge is full: its oldest frames are not bridged',
    );
  }

  function connection({ connected, why, retryMs }: Parameters<FromBridge['connection']>[0]): void {
    if (connected && why === null) counts.connects++;
    else if (!connected && status?.connected === true) counts.connectionsLost++;
    if (status !== null) status = { ...status, connected };
    const now = performance.now();
    if (now - loggedAt < logEveryMs) {
      suppressed++;
      return;
    }
    const { url } = settings.broker;
    const more = suppressed > 0 ? { notLogged: suppressed } : {};
    loggedAt = now;
    suppressed = 0;
    if (connected && why === null) log.info({ broker: url, ...more }, 'bridge connected');
    else log.warn({ broker: url, why, retryMs, ...more }, connected ? 'bridge hindered' : 'bridge not connected');
  }

  async function receive(message: IncomingCommand): Promise<void> {
    try {
      await options.receive(message, tell.answer);
    } catch (error) {
      log.error({ err: error }, 'a message from MQTT could not be dealt with');
    }
    tell.taken(message.messageNumber);
  }

  async function stop(): Promise<void> {
    clearInterval(saveTimer);
    const stopped = new Promise<void>((resolve) => {
      stopping = resolve;
    });
    tell.stop();
    await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, stopMsMax).unref())]);
    await worker.terminate();
    await saving;
    await save();
  }

  let stopped: Promise<void> | null = null;
  return {
    counts,
    /** Null until the thread has told it. */
    status: (): BridgeStatus | null => status,
    /** More waits for the broker than may, and devices are to be refused for it. */
    refuses: (): boolean => settings.whenFull === 'refuse' && status?.full === true,
    device: (facts: DeviceFacts): void => tell.device(facts),
    deviceRemoved: (id: string): void => tell.deviceRemoved(id),
    answer: (answer: CommandAnswer): void => tell.answer(answer),
    stop: (): Promise<void> => (stopped ??= stop()),
  };
}
