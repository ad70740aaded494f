import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type {
  BridgeSettings,
  BridgeStatus,
  CommandAnswer,
  ConnectionChange,
  DeviceFacts,
  Dropped,
  FromBridge,
  IncomingCommand,
  ToBridge,
} from './calls.js';
import { createConnectionLog } from './connectionLog.js';
import { CursorSaver } from './cursorSaver.js';
import { createCalls, listen } from './port.js';

/** The name of the bridge's cursor in the store. */
export const mqttConsumer = 'mqtt';

/** How often the position is saved. */
const saveEveryMs = 1_000;

const stopMsMax = 5_000;

/** A thread that ended by itself is started again after this time. */
const restartMs = 5_000;

export interface BridgeThreadOptions {
  settings: BridgeSettings;
  /** The data folder. */
  folder: string;
  /** Where the bridge's cursor is in the log. */
  position: number;
  log: Logger;
  /** All devices as they are now: for a thread that starts. */
  devices(): DeviceFacts[];
  /** Resolves when the cursor is saved. */
  moveCursor(position: number): Promise<void>;
  /** The broker has everything up to this position. */
  acknowledged?(position: number): void;
  /** A message came on a command topic. Resolves when the broker may forget it. */
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

/**
 * The main thread's side of the bridge: it starts the bridge's thread, and again after a crash. Nothing here ever waits for the
 * thread or its broker: what is not bridged yet stays in the log, within its bounds.
 */
export interface BridgeThread {
  readonly counts: BridgeCounts;
  /** Null until the thread has reported it. */
  status(): BridgeStatus | null;
  /** True if the backlog is over its bound and is configured to refuse frames for that. */
  refuses(): boolean;
  /** A device is new, or its presence has changed. */
  device(facts: DeviceFacts): void;
  /** A device was edited. */
  deviceEdited(facts: DeviceFacts): void;
  deviceRemoved(id: string): void;
  /** Publishes an answer to a command. */
  answer(answer: CommandAnswer): void;
  /** Leaves the broker and saves the position, within some seconds. */
  stop(): Promise<void>;
}

/** Counts that start at 0 with each thread. */
const threadCounts = ['telemetryAcked', 'othersAcked', 'answersLost', 'resent', 'refused'] as const;

export function startBridgeThread(options: BridgeThreadOptions): BridgeThread {
  const { settings, log } = options;
  const cursor = new CursorSaver(options.position, options.moveCursor, log);
  const logConnection = createConnectionLog(log, settings.broker.url, () => performance.now());
  let stopping: (() => void) | null = null;
  let status: BridgeStatus | null = null;
  const counts: BridgeCounts = {
    telemetryAcked: 0,
    othersAcked: 0,
    answersLost: 0,
    resent: 0,
    refused: 0,
    connects: 0,
    connectionsLost: 0,
    framesDropped: { bytes: 0, age: 0, unsendable: 0 },
  };
  let { worker, calls } = startThread();
  const saveTimer = setInterval(() => void cursor.save(), saveEveryMs);
  saveTimer.unref();

  function startThread() {
    const worker = new Worker(new URL('./thread/thread.js', import.meta.url), {
      workerData: { folder: options.folder, settings },
    });
    const calls = createCalls<ToBridge>(worker);
    let last: BridgeStatus | null = null;
    listen<FromBridge>(worker, {
      status(now) {
        for (const name of threadCounts) counts[name] += now[name] - (last?.[name] ?? 0);
        last = status = now;
      },
      moved(to) {
        cursor.position = Math.max(cursor.position, to);
        options.acknowledged?.(cursor.position);
      },
      dropped(what) {
        counts.framesDropped[what.why] += what.frames;
        logDropped(log, what);
      },
      connection,
      command: (message) => void receive(message),
      stopped: () => stopping?.(),
    });
    worker.on('error', (error) => log.error({ err: error }, 'the bridge failed; it starts again in a while'));
    worker.on('exit', ended);
    calls.start(cursor.position, options.devices());
    return { worker, calls };
  }

  function ended(): void {
    if (status !== null) status = { ...status, connected: false };
    if (stopping !== null) return stopping();
    setTimeout(() => {
      if (stopping === null) ({ worker, calls } = startThread());
    }, restartMs).unref();
  }

  function connection(change: ConnectionChange): void {
    const { connected, why } = change;
    if (connected && why === null) counts.connects++;
    else if (!connected && status?.connected === true) counts.connectionsLost++;
    if (status !== null) status = { ...status, connected };
    logConnection(change);
  }

  async function receive(message: IncomingCommand): Promise<void> {
    try {
      await options.receive(message, calls.answer);
    } catch (error) {
      log.error({ err: error }, 'a message from MQTT could not be dealt with');
    }
    calls.taken(message.messageNumber);
  }

  async function stop(): Promise<void> {
    clearInterval(saveTimer);
    const stopped = new Promise<void>((resolve) => {
      stopping = resolve;
    });
    calls.stop();
    await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, stopMsMax).unref())]);
    await worker.terminate();
    await cursor.finish();
  }

  let stopped: Promise<void> | null = null;
  return {
    counts,
    status: () => status,
    refuses: () => settings.whenFull === 'refuse' && status?.full === true,
    device: (facts) => calls.device(facts),
    deviceEdited: (facts) => calls.deviceEdited(facts),
    deviceRemoved: (id) => calls.deviceRemoved(id),
    answer: (answer) => calls.answer(answer),
    stop: () => (stopped ??= stop()),
  };
}

function logDropped(log: Logger, { from, to, ...rest }: Dropped): void {
  log.error(
    { ...rest, from: new Date(from).toISOString(), to: new Date(to).toISOString() },
    rest.why === 'unsendable'
      ? 'a frame has no name to be sent under'
      : 'the backlog of the bridge is full: its oldest frames are not bridged',
  );
}
