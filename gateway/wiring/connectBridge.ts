import { type Bridge, openBridge } from '../bridge/openBridge.js';
import type { Commands } from '../command/commands.js';
import type { Trace } from '../observe/trace.js';
import type { Base } from './base.js';
import type { Registries } from './createRegistries.js';
import type { Storage } from './openStorage.js';

/** Starts the bridge to MQTT, if it is configured: a thread that follows the log, and commands that come from the broker. */
export async function connectBridge(
  { config, bridgeSettings, clock, events, log }: Base,
  { store, restored }: Storage,
  { registry, records }: Registries,
  commands: Commands,
  trace: Trace,
): Promise<Bridge & { close(): Promise<void> }> {
  const bridge = await openBridge({
    settings: bridgeSettings,
    folder: config.data,
    log,
    clock,
    store,
    restored,
    registry,
    commands,
    presence: records.presence.of,
    bridged(position) {
      if (trace.on) trace.bridged(position);
    },
  });
  events.join({
    presence: bridge.presence,
    command: bridge.commandMoved,
    devicesChanged(devices, what) {
      if (what === 'edited') for (const device of devices) bridge.deviceEdited(device);
    },
  });
  return { ...bridge, close: bridge.stop };
}
