import { randomUUID } from 'node:crypto';
import { createAdmission } from '../admission/admission.js';
import { createDeviceRates } from '../admission/deviceRates.js';
import type { Bridge } from '../bridge/openBridge.js';
import type { Commanding } from '../command/commanding.js';
import type { Renew } from '../config/reload.js';
import type { Unavailable } from '../ingest/ingest.js';
import { answers } from '../link/answers.js';
import { drainLinks } from '../link/drain.js';
import type { Accepted } from '../link/handshake.js';
import { Link } from '../link/link.js';
import type { Links } from '../link/links.js';
import { listenForDevices } from '../link/listener.js';
import { Messages } from '../link/messages.js';
import { listenHost } from '../net/listenHost.js';
import type { Trace } from '../observe/trace.js';
import type { Base } from './base.js';
import type { Intake } from './createIntake.js';
import type { Registries } from './createRegistries.js';

/** Where devices connect. */
export interface DevicePort {
  port: number;
  renew: Renew;
  /** Why no link is accepted at present; null if links are accepted. */
  unavailable(): Unavailable | null;
  /** Whether the gateway is closing its links. */
  isDraining(): boolean;
  /** Accepts no more links, and closes those that are open once their frames are answered. */
  drain(): Promise<void>;
  close(): void;
}

interface Parts {
  registries: Registries;
  links: Links;
  commanding: Commanding;
  intake: Intake;
  trace: Trace;
  bridge: Bridge;
}

/** Opens the port for devices. Throws StartError: 69 if it is taken, 78 if its certificate cannot be used. */
export async function openDevicePort(base: Base, parts: Parts): Promise<DevicePort> {
  const { config, current, clock, log, counters, events, monotonic, random } = base;
  const { registry, records } = parts.registries;
  const { links, intake } = parts;
  let draining = false;

  function unavailable(): Unavailable | null {
    const why = intake.ingest.unavailable(clock.now());
    return why ?? (draining || links.count() >= current.limits.links ? 'overloaded' : null);
  }

  const messages = createDeviceMessages(base, parts);
  const makeLink = createLinkMaker(base, parts.registries);
  const admission = createAdmission({ config, now: monotonic, random, devices: registry.size });
  events.join({ reloaded: (loaded) => admission.configure(loaded.config) });
  endLinksOf(base, parts);
  const listener = await listenForDevices({
    ...config.device,
    host: await listenHost(config.device.host),
    transport: base.transport.transport,
    authenticate: registry.authenticate,
    authenticateSecret: registry.authenticateSecret,
    authenticateSubject: registry.authenticateSubject,
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
    opened(link) {
      link.welcome();
      parts.commanding.commands.linked(link.source.device);
    },
    receive: messages.receive,
    notUtf8: messages.notUtf8,
  });
  return {
    port: listener.port,
    renew: listener.renew,
    unavailable,
    isDraining: () => draining,
    async drain() {
      draining = true;
      listener.stopListening();
      await drainLinks({ links, drained: intake.batcher.drained, random, ...config.shutdown });
    },
    close: listener.close,
  };
}

/** What a device sends goes to ingest or to commands; what it says about itself goes to the registry and to presence. */
function createDeviceMessages(base: Base, { registries, commanding, intake, trace }: Parts) {
  const { clock, current, events, log, monotonic } = base;
  const { registry, records } = registries;
  const { commands } = commanding;
  const rates = createDeviceRates({
    now: monotonic,
    limitsOf: (model) => ({
      ...current.limits.device,
      ...(model === null ? {} : current.models.get(model)?.limits),
    }),
  });
  rates.configure(current.models.keys());
  events.join({ reloaded: () => rates.configure(current.models.keys()) });
  return new Messages({
    clock,
    rates,
    ingest: intake.ingest,
    answers,
    trace,
    hello(link, message) {
      if (!link.introduce(message)) return;
      const { device } = link.source;
      registry
        .describe(device, message.attributes ?? {})
        .catch((error) => log.warn({ err: error, device: device.id }, 'the attributes of a device were not stored'));
      records.presence.introduced(link);
      commands.linked(device);
    },
    commandUpdate: (link, update) => commands.update(link.source.device, update),
  });
}

/** Makes a link for an accepted handshake. Its stream is the one that the device named, or one that lives with the link. */
function createLinkMaker({ config, clock, events }: Base, { sources, records }: Registries) {
  const limits = { backlogBytesMax: config.limits.backlogBytes, badFramesMax: config.limits.badFrames };
  events.join({
    reloaded(loaded) {
      limits.badFramesMax = loaded.config.limits.badFrames;
    },
  });
  return ({ device, credential, stream: name, subprotocol, encoding }: Accepted, address: string): Link => {
    const source = sources.of(device);
    const openedAt = clock.now();
    records.credentialUsed(credential);
    const stream = name === null ? sources.ownStream(`link-${randomUUID()}`) : sources.streamOf(source, name);
    const facts = { source, stream, toldSeq: stream.mark, credential, encoding, subprotocol, address, openedAt };
    return new Link(facts, limits, answers, clock.now);
  };
}

/** A device that is disabled or removed, or whose credential is revoked, loses its link; a removed one is forgotten. */
function endLinksOf({ events }: Base, { registries, links, commanding, bridge }: Parts): void {
  events.join({
    deviceEnded(device, why, cid) {
      links.end(device, why, cid);
      if (why !== 'device_removed') return;
      commanding.commands.deviceRemoved(device);
      registries.records.presence.forget(device);
      bridge.deviceRemoved(device);
      registries.sources.forget(device.key);
    },
  });
}
