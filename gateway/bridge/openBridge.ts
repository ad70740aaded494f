/**
 * The MQTT bridge: it copies committed readings and presence to a broker, and takes commands from there. bridge/ holds the main
 * thread's side; the thread that talks to the broker is in thread/, topics and payloads are in messages/, additional messages for
 * other programs in profiles/.
 */
import type { Logger } from 'pino';
import type { Commands } from '../command/commands.js';
import { type CommandRecord, isFinal } from '../domain/command.js';
import type { Device } from '../domain/device.js';
import type { Presence } from '../domain/presence.js';
import { countBy } from '../observe/counters.js';
import type { Clock } from '../process/clock.js';
import type { Registry } from '../registry/registry.js';
import type { Store } from '../store/store.js';
import type { Restored } from '../store/threads/restored.js';
import { type BridgeCounts, mqttConsumer, startBridgeThread } from './bridgeThread.js';
import type { BridgeSettings, BridgeStatus, DeviceFacts } from './calls.js';
import { createBridgeCommands } from './incomingCommands.js';
import { createTopics } from './messages/topics.js';

export interface BridgeOptions {
  /** Null: the bridge is off. */
  settings: BridgeSettings | null;
  /** The data folder. */
  folder: string;
  log: Logger;
  clock: Clock;
  store: Pick<Store, 'cursors' | 'read'>;
  restored: Pick<Restored, 'cursors'>;
  registry: Pick<Registry, 'get' | 'all'>;
  presence(device: Device): Presence;
  commands: Pick<Commands, 'create' | 'hashOf'>;
  /** The broker has everything in the log up to this position. */
  bridged(position: number): void;
}

/** The state of the bridge, as the API and the metrics show it. */
export interface MqttState {
  /** Null until the bridge's thread has reported it. */
  status: BridgeStatus | null;
  counts: BridgeCounts;
  /** Messages on command topics, by the code of their refusal, or `created`. */
  commands: Record<string, number>;
}

/** What the gateway reports to the bridge, and asks of it. Without a bridge all of it does nothing: see noBridge. */
export interface Bridge {
  /**
   * The gateway has started. Without a bridge this removes the cursor that an earlier bridge left; a start that fails keeps it,
   * because without it the next bridge would not know its place in the log.
   */
  started(): Promise<void>;
  /** The presence of a device has changed, or it is new; `presence` makes it as it is now. */
  presence(device: Device, presence: () => Presence): void;
  /** An operator has edited the device; its name or model may have changed. */
  deviceEdited(device: Device): void;
  deviceRemoved(device: Device): void;
  /** A state of a command is on disk. */
  commandMoved(record: CommandRecord): void;
  /** True if frames are to be refused because too much waits for the broker. */
  refuses(): boolean;
  /** Null: there is no bridge. */
  state(): MqttState | null;
  stop(): Promise<void>;
}

/** Starts the bridge, if it is configured. */
export async function openBridge(options: BridgeOptions): Promise<Bridge> {
  const { settings, folder, log, clock, store, restored, registry } = options;
  const old = restored.cursors.find(({ consumer }) => consumer === mqttConsumer);
  if (settings === null) return { ...noBridge, started: () => removeCursor(old, options) };
  const position = await store.cursors.open(mqttConsumer, clock.now());
  if (old === undefined) log.info({ position }, 'the bridge is new: what was stored before is not bridged');
  const counted: Record<string, number> = {};
  const incoming = createBridgeCommands({
    clock,
    topics: createTopics(settings.prefix, settings.gatewayId),
    commands: options.commands,
    readCommand: (id) => options.store.read('command', id),
    deviceById: registry.get,
    isFinal,
    counted: (what) => countBy(counted, what),
  });
  const bridge = startBridgeThread({
    settings,
    folder,
    position,
    log,
    devices: () => Array.from(registry.all(), (device) => factsOf(device, options.presence(device))),
    moveCursor: (to) => store.cursors.move(mqttConsumer, to, clock.now()),
    receive: incoming.receive,
    acknowledged: options.bridged,
  });
  return {
    started: async () => {},
    presence: (device, presence) => bridge.device(factsOf(device, presence())),
    deviceEdited: (device) => bridge.deviceEdited(factsOf(device, options.presence(device))),
    deviceRemoved: ({ id }) => bridge.deviceRemoved(id),
    commandMoved(record) {
      const answer = incoming.moved(record);
      if (answer !== null) bridge.answer(answer);
    },
    refuses: bridge.refuses,
    state: () => ({ status: bridge.status(), counts: bridge.counts, commands: counted }),
    stop: bridge.stop,
  };
}

async function removeCursor(
  old: { position: number } | undefined,
  { store, log }: Pick<BridgeOptions, 'store' | 'log'>,
): Promise<void> {
  if (old === undefined) return;
  await store.cursors.remove(mqttConsumer);
  log.warn(
    { position: old.position },
    'the bridge is off: what was not bridged yet, and what comes until it is on again, will not be',
  );
}

/** Stands for the bridge if there is none. */
export const noBridge: Bridge = {
  started: async () => {},
  presence() {},
  deviceEdited() {},
  deviceRemoved() {},
  commandMoved() {},
  refuses: () => false,
  state: () => null,
  stop: async () => {},
};

function factsOf({ id, name, model }: Device, { online, since, lastClose, backAt }: Presence): DeviceFacts {
  return { id, name, model, online, since, lastClose, backAt };
}
