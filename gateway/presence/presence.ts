/**
 * presence/ knows which devices are connected, since when, and why the others are not; refused attempts to connect; when
 * credentials and keys were last used. Nothing here opens or closes a link, and nothing here decides who may connect.
 */
import { type CloseName, closeCodes, closeNameOf } from '../../schemas/tables/closeCodes.js';
import type { Device } from '../domain/device.js';
import type { LastClose, Presence, PresenceRecord } from '../domain/presence.js';
import type { Clock } from '../process/clock.js';
import { DecayingCounter } from '../process/decayingCounter.js';
import type { Ending } from '../transport/transport.js';

/** What presence reads of a device's open link. */
export interface PresentLink {
  readonly source: {
    readonly device: Device;
    /** When the last frame came: Unix ms, or 0. */
    readonly receivedAt: number;
  };
  readonly stream: { readonly name: string };
  readonly subprotocol: string | null;
  readonly address: string;
  /** Unix ms. */
  readonly openedAt: number;
  readonly agent: string | null;
  readonly firmware: string | null;
  /** How often the device has said that it sends, in ms; 0: it has not. */
  readonly expectEveryMs: number;
  /** The round trip of the last ping that was answered. */
  readonly roundTripMs: number | null;
  /** Why the gateway closes the link; null: it does not. */
  readonly closing: CloseName | null;
}

export interface PresenceOptions {
  clock: Clock;
  restored: PresenceRecord[];
  /** The last moment at which the gateway is known to have run before this start: Unix ms. */
  endedAt: number;
  /** How often the device's model says that it sends, in ms; null: it does not say. */
  expectedEveryMs(device: Device): number | null;
  /** When the last frame of the device was taken in: Unix ms, or 0. */
  lastFrameAt(deviceKey: number): number;
  /** The presence of a device has changed; `presence` makes it as it is now, if anyone wants it. */
  changed(device: Device, presence: () => Presence): void;
  /** What is stored of this device has changed; it may be written later. */
  touched(deviceKey: number): void;
}

/** The presence of every device, in memory. Changes are stored in batches and survive a restart. */
export interface PresenceBook {
  /** The device has opened a link, which replaces the one it may have had. */
  opened(link: PresentLink): void;
  /** The device's only link has ended. `code` and `reason` are those of the close frame; without one the code is 1006. */
  closed(link: PresentLink, ending: Ending): void;
  /** The device's hello has said what it is. */
  introduced(link: PresentLink): void;
  /** Reports a device that has become late, or is late no longer. To be called about once per second per link. */
  checkLate(link: PresentLink): void;
  /** As it is now. */
  of(device: Device): Presence;
  /** As it is stored; undefined if the device was never seen, or is forgotten. */
  recordOf(deviceKey: number): PresenceRecord | undefined;
  /** The clock was wrong, and now it is right: what it has set after this time, Unix ms, is brought back to it. */
  bringBack(device: Device, now: number): void;
  /** The device was removed. */
  forget(device: Device): void;
}

/** A device with more recent links than this is flapping. */
const flappingLinks = 5;

/** One link per minute is forgiven. */
const linksForgivenPerSecond = 1 / 60;

/** What is known of one device, with its link while it has one. */
interface Known {
  record: PresenceRecord;
  link: PresentLink | null;
  readonly recentLinks: DecayingCounter;
  /** Whether it was late when that was last reported. */
  late: boolean;
}

export function createPresence(options: PresenceOptions): PresenceBook {
  const { clock, touched } = options;
  const byDevice = new Map<number, Known>();
  for (const record of options.restored) byDevice.set(record.deviceKey, knownOf(restoredOf(record, options.endedAt)));

  function opened(link: PresentLink): void {
    const { device } = link.source;
    const { openedAt, address, subprotocol, stream, agent, firmware } = link;
    const before = byDevice.get(device.key);
    const known = before ?? knownOf(neverSeen(device.key));
    if (before === undefined) byDevice.set(device.key, known);
    else known.record.reconnects++;
    if (known.link !== null)
      known.record.lastClose = {
        at: openedAt,
        ...closeOf('replaced', { code: closeCodes.replaced.code, reason: '', cut: null }),
      };
    known.recentLinks.increment(openedAt);
    known.link = link;
    known.late = false;
    const present = { address, subprotocol, stream: stream.name, agent, firmware };
    Object.assign(known.record, present, { online: true, since: openedAt, backAt: null });
    report(device, known);
  }

  function closed({ source: { device }, closing }: PresentLink, ending: Ending): void {
    const known = byDevice.get(device.key);
    if (known === undefined) return;
    const at = clock.now();
    known.link = null;
    known.late = false;
    known.record.online = false;
    known.record.since = at;
    known.record.lastClose = { at, ...closeOf(closing, ending) };
    known.record.backAt = closing === null ? backAtOf(ending.code, ending.reason, at) : null;
    report(device, known);
  }

  function introduced({ source: { device }, agent, firmware }: PresentLink): void {
    const known = byDevice.get(device.key);
    if (known === undefined) return;
    known.record.agent = agent;
    known.record.firmware = firmware;
    report(device, known);
  }

  function report(device: Device, known: Known): void {
    options.changed(device, () => presenceOf(device, known));
    touched(device.key);
  }

  const expectedEveryMs = (device: Device, link: PresentLink | null): number | null =>
    link?.expectEveryMs || options.expectedEveryMs(device);

  function presenceOf(device: Device, known: Known): Presence {
    const { record, link } = known;
    const now = clock.now();
    const { deviceKey: _, ...stored } = record;
    return {
      ...stored,
      state: stateOf(known, now, expectedEveryMs(device, link)),
      lastFrameAt: options.lastFrameAt(device.key) || null,
      expectedEveryMs: expectedEveryMs(device, link),
      roundTripMs: link?.roundTripMs ?? null,
      flapping: known.recentLinks.countAt(now) > flappingLinks,
    };
  }

  function checkLate(link: PresentLink): void {
    const { device } = link.source;
    const known = byDevice.get(device.key);
    if (known === undefined || known.link !== link) return;
    const late = isLate(known, clock.now(), expectedEveryMs(device, link));
    if (late === known.late) return;
    known.late = late;
    options.changed(device, () => presenceOf(device, known));
  }

  function bringBack(device: Device, now: number): void {
    const known = byDevice.get(device.key);
    if (known === undefined) return;
    const { record } = known;
    const { since, backAt, lastClose } = record;
    if ((since ?? 0) <= now && (lastClose?.at ?? 0) <= now) return;
    if (since !== null && since > now) {
      record.since = now;
      record.backAt = backAt === null ? null : now + Math.max(0, backAt - since);
    }
    if (lastClose !== null && lastClose.at > now) record.lastClose = { ...lastClose, at: now };
    report(device, known);
  }

  return {
    opened,
    closed,
    introduced,
    checkLate,
    bringBack,
    of: (device) => presenceOf(device, byDevice.get(device.key) ?? knownOf(neverSeen(device.key))),
    recordOf: (deviceKey) => byDevice.get(deviceKey)?.record,
    forget: (device) => void byDevice.delete(device.key),
  };
}

function knownOf(record: PresenceRecord): Known {
  return { record, link: null, recentLinks: new DecayingCounter(linksForgivenPerSecond), late: false };
}

function neverSeen(deviceKey: number): PresenceRecord {
  return {
    deviceKey,
    online: false,
    since: null,
    address: null,
    subprotocol: null,
    stream: null,
    agent: null,
    firmware: null,
    reconnects: 0,
    lastClose: null,
    backAt: null,
  };
}

/** A device that was online when the gateway stopped without storing that is offline after a restart. */
function restoredOf(record: PresenceRecord, endedAt: number): PresenceRecord {
  if (!record.online) return record;
  const at = Math.max(record.since ?? 0, endedAt);
  const lastClose: LastClose = { at, code: 1006, name: 'gateway_ended', by: 'gateway', reason: '' };
  return { ...record, online: false, since: at, lastClose };
}

function stateOf(known: Known, now: number, expectedEveryMs: number | null): Presence['state'] {
  const { record, link } = known;
  if (record.since === null) return 'never';
  if (link !== null) return isLate(known, now, expectedEveryMs) ? 'late' : 'online';
  return record.backAt !== null && now < record.backAt ? 'asleep' : 'offline';
}

/** Half an interval more is allowed, and at least two seconds, because timers and networks are not exact. */
function isLate({ record, link }: Known, now: number, expectedEveryMs: number | null): boolean {
  if (expectedEveryMs === null) return false;
  return (
    now - Math.max(record.since ?? 0, link?.source.receivedAt ?? 0) >
    expectedEveryMs + Math.max(expectedEveryMs / 2, 2_000)
  );
}

function closeOf(closing: CloseName | null, { code, reason, cut }: Ending): Omit<LastClose, 'at'> {
  if (closing !== null) return { code, name: closeNameOf(code) ?? closing, by: 'gateway', reason };
  if (cut !== null) return { code, name: cut, by: 'gateway', reason: '' };
  if (code === 1006) return { code, name: 'lost', by: 'network', reason: '' };
  return { code, name: null, by: 'device', reason };
}

/** The name of a link's end for the metrics: that of the gateway's close, or `by_device`, or how the connection broke. */
export function endingOf(closing: CloseName | null, ending: Ending): string {
  return closing ?? closeOf(closing, ending).name ?? 'by_device';
}

/** A device that goes to sleep closes 1000 with {"backInMs":n}. */
function backAtOf(code: number, reason: string, at: number): number | null {
  if (code !== 1000 || reason === '') return null;
  try {
    const { backInMs } = JSON.parse(reason) as { backInMs?: unknown };
    return typeof backInMs === 'number' && backInMs >= 0 && backInMs <= 365 * 86_400_000
      ? at + Math.round(backInMs)
      : null;
  } catch {
    return null;
  }
}
