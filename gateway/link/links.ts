import type { CloseName } from '../../schemas/closeCodes.js';
import type { Clock } from '../clock.js';
import type { Counters } from '../counters.js';
import { countBy } from '../counters.js';
import type { Device, Presence } from '../types.js';
import type { Link } from './link.js';

export type Links = ReturnType<typeof createLinks>;

/** All open links, one a device, and what is known of devices whose link has ended. */
export function createLinks(options: {
  clock: Clock;
  counters: Counters;
  presenceChanged(device: Device, presence: Presence): void;
}) {
  const { clock, counters } = options;
  const byDevice = new Map<number, Link>();
  const open: Link[] = [];
  const past = new Map<number, Presence>();
  let pingAt = 0;
  let pingsDue = 0;

  /** The newest link of a device wins; the older one reads nothing more. */
  function add(link: Link): void {
    const { device } = link.source;
    const older = byDevice.get(device.key);
    byDevice.set(device.key, link);
    link.index = open.push(link) - 1;
    if (older !== undefined) {
      counters.takeovers++;
      older.end('replaced');
    }
    options.presenceChanged(device, presence(device));
  }

  /** After the socket's end. `code` and `reason` are those of the close, or 1006 where there was none. */
  function remove(link: Link, code: number, reason: string): void {
    link.closed();
    countBy(counters.linksClosed, link.closing ?? (code === 1006 ? 'lost' : 'by_device'));
    const last = open.pop() as Link;
    if (last !== link) {
      open[link.index] = last;
      last.index = link.index;
    }
    const { device } = link.source;
    if (byDevice.get(device.key) !== link) return;
    byDevice.delete(device.key);
    const at = clock.now();
    past.set(device.key, {
      ...presenceOf(link),
      online: false,
      since: at,
      lastClose: { at, code, reason },
      backAt: backAtOf(code, reason, at),
    });
    options.presenceChanged(device, presence(device));
  }

  function presence(device: Device): Presence {
    const link = byDevice.get(device.key);
    const before = past.get(device.key);
    if (link !== undefined) return { ...presenceOf(link), lastClose: before?.lastClose ?? null };
    return before ?? neverSeen;
  }

  /** Pings a share of the links, so that a round over all of them takes `calls` calls. */
  function pingSome(calls: number): void {
    pingsDue += open.length / calls;
    for (; pingsDue >= 1 && open.length > 0; pingsDue--) {
      pingAt = (pingAt + 1) % open.length;
      open[pingAt].ping();
    }
  }

  return {
    add,
    remove,
    presence,
    pingSome,
    count: (): number => open.length,
    of: (device: Device): Link | undefined => byDevice.get(device.key),
    /** Closes the device's link at once, if it has one (of credential `cid` only, where given). */
    end(device: Device, close: CloseName, cid?: string): void {
      const link = byDevice.get(device.key);
      if (link !== undefined && (cid === undefined || link.cid === cid)) link.end(close);
    },
    forget(device: Device): void {
      past.delete(device.key);
    },
    /** Those open now; the list does not follow what happens later. */
    all: (): Link[] => [...open],
  };
}

const neverSeen: Presence = {
  online: false,
  since: null,
  address: null,
  subprotocol: null,
  stream: null,
  agent: null,
  firmware: null,
  lastClose: null,
  backAt: null,
};

function presenceOf({ openedAt, address, subprotocol, stream, agent, firmware }: Link): Presence {
  return {
    online: true,
    since: openedAt,
    address,
    subprotocol,
    stream: stream.name,
    agent,
    firmware,
    lastClose: null,
    backAt: null,
  };
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
