import { type Commanding, createCommanding } from '../command/commanding.js';
import type { Links } from '../link/links.js';
import { hashKey } from '../registry/hashKey.js';
import type { Base } from './base.js';
import type { Registries } from './createRegistries.js';
import type { Storage } from './openStorage.js';

/** Makes the commands, which go down the links of their devices; what becomes of them is on disk before anyone sees it. */
export function connectCommands(
  { config, clock, counters, current, events, schedule }: Base,
  { store, restored, save }: Storage,
  { registry }: Registries,
  links: Links,
): Commanding {
  const commanding = createCommanding({
    clock,
    counters,
    models: current.models,
    hashKey: hashKey(config.data),
    restored,
    deviceOf: registry.byKey,
    linkOf: links.of,
    save,
    readCommand: (id) => store.read('command', id),
    readByKey: (by, key) => store.read('commandByKey', by, key),
    schedule,
    inFlightMax: config.commands.inFlightPerDevice,
    perDeviceMax: config.commands.openPerDevice,
    openMax: config.commands.open,
    moved: events.command,
  });
  events.join({
    reloaded: () => commanding.configure(current.models),
    clockConfirmed: (now) => commanding.commands.bringBack(now),
  });
  return commanding;
}
