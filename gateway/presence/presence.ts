import { type CloseName, closeCodes, closeNameOf } from '../../schemas/tables/closeCodes.js';
import type { Device } from '../domain/device.js';
import type { LastClose, Presence, PresenceRecord } from '../domain/presence.js';
import type { Link } from '../link/link.js';
import type { Clock } from '../process/clock.js';
import { DecayingCounter } from '../process/decayingCounter.js';

export interface PresenceOptions {
  clock: Clock;
  restored: PresenceRecord[];
  /** The last moment at which the gateway is known to have run before this start: Unix ms. */
  endedAt: number;
  /** By the device's model: ms, or null. */
  expectedEveryMs(device: Device): number | null;
  /** When the last frame of the device was taken in: Unix ms, or 0. */
  lastFrameAt(deviceKey: number): number;
  /** For whoever watches; `presence` makes what is known now. */
  changed(device: Device, presence: () => Presence): void;
  /** There is something to be stored for this device, some time. */
  touched(deviceKey: number): void;
}

export type PresenceBook = ReturnType<typeof createPresence>;

/** A device with more recent links than this is flapping. */
const flappingLinks = 5;

/** One link per minute is forgiven. */
const linksForgivenPerSecond = 1 / 60;

/** What is known of one device, with its link while it has one. */
interface Known {
  record: PresenceRecord;
  link: Link | null;
  readonly recentLinks: DecayingCounter;
  /** As it was told last. */
  late: boolean;
}

/** Who is there, since when, and why the others are not. In memory; what changed is stored in batches, and survives restarts. */
export function createPresence(options: PresenceOptions) {
  const { clock, touched } = options;
  const byDevice = new Map<number, Known>();
  for (const record of options.restored) byDevice.set(record.deviceKey, knownOf(restoredOf(record, options.endedAt)));

  function opened(link: Link): void {
    const { device } = link.source;
    const { openedAt, address, subprotocol, stream, agent, firmware } = link;
    const before = byDevice.get(device.key);
    const known = before ?? knownOf(neverSeen(device.key));
    if (before === undefined) byDevice.set(device.key, known);
    else known.record.reconnects++;
    if (known.link !== null)
      known.record.lastClose = { at: openedAt, ...closeOf('replaced', closeCodes.replaced.code, '') };
    known.recentLinks.increment(openedAt);
    known.link = link;
    known.late = false;
    const present = { address, subprotocol, stream: stream.name, agent, firmware };
    Object.assign(known.record, present, { online: true, since: openedAt, backAt: null });
    tell(device, known);
  }

  /** The device's only link has ended. `code` and `reason` are those of the close, or 1006 where there was none. */
  function closed({ source: { device }, closing }: Link, code: number, reason: string): void {
    const known = byDevice.get(device.key);
    if (known === undefined) return;
    const at = clock.now();
    known.link = null;
    known.late = false;
    known.record.online = false;
    known.record.since = at;
    known.record.lastClose = { at, ...closeOf(closing, code, reason) };
    known.record.backAt = closing === null ? backAtOf(code, reason, at) : null;
    tell(device, known);
  }

  /** The device has said who it is. */
  function introduced({ source: { device }, agent, firmware }: Link): void {
    const known = byDevice.get(device.key);
    if (known === undefined) return;
    known.record.agent = agent;
    known.record.firmware = firmware;
    tell(device, known);
  }

  function tell(device: Device, known: Known): void {
    options.changed(device, () => presenceOf(device, known));
    touched(device.key);
  }

  const expectedEveryMs = (device: Device, link: Link | null): number | null =>
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

  /** Tells of a device that became late, or is so no more. */
  function checkLate(link: Link): void {
    const { device } = link.source;
    const known = byDevice.get(device.key);
    if (known === undefined || known.link !== link) return;
    const late = isLate(link, clock.now(), expectedEveryMs(device, link));
    if (late === known.late) return;
    known.late = late;
    options.changed(device, () => presenceOf(device, known));
  }

  return {
    opened,
    closed,
    introduced,
    checkLate,
    of: (device: Device): Presence => presenceOf(device, byDevice.get(device.key) ?? knownOf(neverSeen(device.key))),
    /** As it is to be stored; undefined where the device is forgotten. */
    recordOf: (deviceKey: number): PresenceRecord | undefined => byDevice.get(deviceKey)?.record,
    forget: (device: Device): void => void byDevice.delete(device.key),
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

/** Who was online when the gateway ended without a word is not so now. */
function restoredOf(record: PresenceRecord, endedAt: number): PresenceRecord {
  if (!record.online) return record;
  const at = Math.max(record.since ?? 0, endedAt);
  const lastClose: LastClose = { at, code: 1006, name: 'gateway_ended', by: 'gateway', reason: '' };
  return { ...record, online: false, since: at, lastClose };
}

function stateOf({ record, link }: Known, now: number, expectedEveryMs: number | null): Presence['state'] {
  if (record.since === null) return 'never';
  if (link !== null) return isLate(link, now, expectedEveryMs) ? 'late' : 'online';
  return record.backAt !== null && now < record.backAt ? 'asleep' : 'offline';
}

/** Half an interval more is forgiven, and two seconds at least: timers are not exact, nor are networks. */
function isLate({ openedAt, source }: Link, now: number, expectedEveryMs: number | null): boolean {
  if (expectedEveryMs === null) return false;
  return now - Math.max(openedAt, source.receivedAt) > expectedEveryMs + Math.max(expectedEveryMs / 2, 2_000);
}

/** What uWebSockets.js says of a link that it cut, or that broke. */
const cuts: Record<string, Pick<LastClose, 'name' | 'by'>> = {
  'WebSocket timed out from inactivity': { name: 'silent', by: 'gateway' },
  'Received invalid UTF-8': { name: 'invalid_utf8', by: 'gateway' },
  'Received too big message': { name: 'message_too_large', by: 'gateway' },
  'Received invalid WebSocket frame': { name: 'protocol_error', by: 'gateway' },
};

function closeOf(closing: CloseName | null, code: number, reason: string): Omit<LastClose, 'at'> {
  if (closing !== null) return { code, name: closeNameOf(code) ?? closing, by: 'gateway', reason };
  if (code !== 1006) return { code, name: null, by: 'device', reason };
  const cut = Object.hasOwn(cuts, reason) ? cuts[reason] : ({ name: 'lost', by: 'network' } as const);
  return { code, ...cut, reason: '' };
}

/** How a link ended, for the metrics. */
export function endingOf(closing: CloseName | null, code: number, reason: string): string {
  return closing ?? closeOf(closing, code, reason).name ?? 'by_device';
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
