import type { CloseName } from '../../schemas/tables/closeCodes.js';
import type { Device } from '../domain/device.js';
import type { Counters } from '../observe/counters.js';
import { countBy } from '../observe/counters.js';
import { endingOf, type PresenceBook } from '../presence/presence.js';
import type { Link } from './link.js';

export type Links = ReturnType<typeof createLinks>;

/** All open links, one a device. */
export function createLinks({ counters, presence }: { counters: Counters; presence: PresenceBook }) {
  const byDevice = new Map<number, Link>();
  const open: Link[] = [];
  const pinged = createRound(open);
  const checked = createRound(open);

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
    presence.opened(link);
  }

  /** After the socket's end. `code` and `reason` are those of the close, or 1006 where there was none. */
  function remove(link: Link, code: number, reason: string): void {
    link.closed();
    countBy(counters.linksClosed, endingOf(link.closing, code, reason));
    const last = open.pop() as Link;
    if (last !== link) {
      open[link.index] = last;
      last.index = link.index;
    }
    const { device } = link.source;
    if (byDevice.get(device.key) !== link) return;
    byDevice.delete(device.key);
    presence.closed(link, code, reason);
  }

  function check(link: Link, now: number): void {
    const { notAfter } = link.credential;
    if (notAfter !== null && now >= notAfter) link.end('credential_revoked');
    else presence.checkLate(link);
  }

  return {
    add,
    remove,
    /** Pings a share of the links, so that a round over all of them takes `calls` calls. */
    pingSome: (calls: number, now: number): void => pinged(calls, (link) => link.ping(now)),
    /** Looks for quiet ones among a share of the links, and for those whose credential is over. `now`: Unix ms. */
    checkSome: (calls: number, now: number): void => checked(calls, (link) => check(link, now)),
    count: (): number => open.length,
    of: (device: Device): Link | undefined => byDevice.get(device.key),
    /** Closes the device's link at once, if it has one (of credential `cid` only, where given). */
    end(device: Device, close: CloseName, cid?: string): void {
      const link = byDevice.get(device.key);
      if (link !== undefined && (cid === undefined || link.credential.cid === cid)) link.end(close);
    },
    /** Those open now; the list does not follow what happens later. */
    all: (): Link[] => [...open],
  };
}

/** Goes over a list that changes meanwhile, a share of it at a call. */
function createRound(open: readonly Link[]): (calls: number, visit: (link: Link) => void) => void {
  let at = 0;
  let due = 0;
  return (calls, visit) => {
    due += open.length / calls;
    for (; due >= 1 && open.length > 0; due--) {
      at = (at + 1) % open.length;
      visit(open[at]);
    }
  };
}
