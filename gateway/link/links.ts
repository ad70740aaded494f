import type { CloseName } from '../../schemas/tables/closeCodes.js';
import type { Device } from '../domain/device.js';
import type { Counters } from '../observe/counters.js';
import { countBy } from '../observe/counters.js';
import { endingOf, type PresenceBook } from '../presence/presence.js';
import type { Ending } from '../transport/transport.js';
import type { Link } from './link.js';

export interface Links {
  /** Adds an open link. The newest link of a device wins: an older one is closed with 4100. */
  add(link: Link): void;
  /** Removes a link whose socket has ended. */
  remove(link: Link, ending: Ending): void;
  /** Pings a share of the links, so that `calls` calls ping all of them. `now` in monotonic ms. */
  pingSome(calls: number, now: number): void;
  /** Checks a share of the links for late devices and for credentials that are over. `now` in Unix ms. */
  checkSome(calls: number, now: number): void;
  count(): number;
  of(device: Device): Link | undefined;
  /** Closes the device's link at once, if it has one; with `cid` only if it was opened with that credential. */
  end(device: Device, close: CloseName, cid?: string): void;
  /** The links that are open now. The list does not change later. */
  all(): Link[];
}

/** All open links, one per device. */
export function createLinks({ counters, presence }: { counters: Counters; presence: PresenceBook }): Links {
  const byDevice = new Map<number, Link>();
  const open: Link[] = [];
  const pinged = createRound(open);
  const checked = createRound(open);

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

  function remove(link: Link, ending: Ending): void {
    link.closed();
    countBy(counters.linksClosed, endingOf(link.closing, ending));
    const last = open.pop() as Link;
    if (last !== link) {
      open[link.index] = last;
      last.index = link.index;
    }
    const { device } = link.source;
    if (byDevice.get(device.key) !== link) return;
    byDevice.delete(device.key);
    presence.closed(link, ending);
  }

  function check(link: Link, now: number): void {
    const { notAfter } = link.credential;
    if (notAfter !== null && now >= notAfter) link.end('credential_revoked');
    else presence.checkLate(link);
  }

  return {
    add,
    remove,
    pingSome: (calls, now) => pinged(calls, (link) => link.ping(now)),
    checkSome: (calls, now) => checked(calls, (link) => check(link, now)),
    count: () => open.length,
    of: (device) => byDevice.get(device.key),
    end(device, close, cid) {
      const link = byDevice.get(device.key);
      if (link !== undefined && (cid === undefined || link.credential.cid === cid)) link.end(close);
    },
    all: () => [...open],
  };
}

/** Visits a share of a list per call, while the list changes. */
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
