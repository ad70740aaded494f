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
import { type Bridge, type BridgeCounts, mqttConsumer, startBridge } from './bridge.js';
import type { BridgeSettings, BridgeStatus, DeviceFacts } from './calls.js';
import { createBridgeCommands } from './incomingCommands.js';
import { createTopics } from './messages/topics.js';

export interface MqttOptions {
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
  /** The broker has everything of the log up to there. */
  bridged(position: number): void;
}

export interface MqttState {
  status: BridgeStatus | null;
  counts: BridgeCounts;
  /** Messages on command topics, by what became of them. */
  commands: Record<string, number>;
}

export type Mqtt = typeof noMqtt;

/** The bridge and what it hears of the rest of the gateway; where it is off, nothing but a cursor to be removed. */
export async function openMqtt(options: MqttOptions): Promise<Mqtt> {
  const { settings, folder, log, clock, store, restored, registry } = options;
  const old = restored.cursors.find(({ consumer }) => consumer === mqttConsumer);
  if (settings === null) {
    if (old !== undefined) await store.cursors.remove(mqttConsumer);
    if (old !== undefined)
      log.warn(
        { position: old.position },
        'the bridge is off: what was not bridged yet, and what comes until it is on again, will not be',
      );
    return noMqtt;
  }
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
  const bridge: Bridge = startBridge({
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
    presence: (device: Device, presence: () => Presence): void => bridge.device(factsOf(device, presence())),
    deviceRemoved: ({ id }: Device): void => bridge.deviceRemoved(id),
    commandMoved(record: CommandRecord): void {
      const answer = incoming.moved(record);
      if (answer !== null) bridge.answer(answer);
    },
    refuses: bridge.refuses,
    state: (): MqttState | null => ({ status: bridge.status(), counts: bridge.counts, commands: counted }),
    stop: bridge.stop,
  };
}

/** Where there is no bridge. */
export const noMqtt = {
  presence(_device: Device, _presence: () => Presence): void {},
  deviceRemoved(_device: Device): void {},
  commandMoved(_record: CommandRecord): void {},
  refuses: (): boolean => false,
  state: (): MqttState | null => null,
  stop: async (): Promise<void> => {},
};

function factsOf({ id, model }: Device, { online, since, lastClose, backAt }: Presence): DeviceFacts {
  return { id, model, online, since, lastClose, backAt };
}
