import type { RefusalCode } from '../../schemas/tables/refusals.js';
import type { Clock } from '../process/clock.js';

/** A refused attempt to connect, as the listener saw it. */
export interface Refused {
  address: string;
  /** The id that was offered, proven or not. */
  device: string | null;
  code: RefusalCode;
  reason: string;
  agent: string | null;
}

interface Kept extends Attempt {
  /** Grows with each attempt; the newest has the highest. */
  order: number;
}

/** Attempts of one address for different ids; those beyond it are counted together, without their ids. */
const idsPerAddressMax = 50;

/** Of each kind: for devices that exist, and others. So a flood of made-up ids pushes out none of the former. */
const keptMax = 1_000;

export type Attempts = ReturnType<typeof createAttempts>;

/** Who tried to connect and was refused, why, how often: the answer to "why does it not connect". Like attempts are one. */
export function createAttempts({ clock, known }: { clock: Clock; known(id: string): boolean }) {
  const ofDevices = new Map<string, Kept>();
  const ofOthers = new Map<string, Kept>();
  const idsByAddress = new Map<string, number>();
  let order = 0;

  function note({ address, device: id, code, reason, agent }: Refused): void {
    const exists = id !== null && known(id);
    const kept = exists ? ofDevices : ofOthers;
    const device = exists || (id !== null && hasRoom(address, id, code)) ? id : null;
    const key = keyOf(address, device, code);
    const now = clock.now();
    const before = kept.get(key);
    const { count, firstAt } = before ?? { count: 0, firstAt: now };
    kept.delete(key);
    kept.set(key, {
      device,
      known: exists,
      address,
      code,
      reason,
      agent,
      count: count + 1,
      firstAt,
      lastAt: now,
      order: ++order,
    });
    if (before === undefined && kept === ofOthers) countId(address, 1);
    if (kept.size > keptMax) dropOldest(kept);
  }

  function hasRoom(address: string, id: string, code: RefusalCode): boolean {
    return (idsByAddress.get(address) ?? 0) < idsPerAddressMax || ofOthers.has(keyOf(address, id, code));
  }

  function countId(address: string, change: 1 | -1): void {
    const count = (idsByAddress.get(address) ?? 0) + change;
    if (count === 0) idsByAddress.delete(address);
    else idsByAddress.set(address, count);
  }

  function dropOldest(kept: Map<string, Kept>): void {
    const [[key, { address }]] = kept;
    kept.delete(key);
    if (kept === ofOthers) countId(address, -1);
  }

  return {
    note,
    /** Newest first, older than `before`; `next` is to be given as `before` for those behind them. */
    list({ device, address, before, limit }: { device?: string; address?: string; before: number; limit: number }) {
      const found = [...ofDevices.values(), ...ofOthers.values()]
        .filter(
          (one) =>
            one.order < before &&
            (device === undefined || one.device === device) &&
            (address === undefined || one.address === address),
        )
        .sort((a, b) => b.order - a.order);
      const items = found.slice(0, limit).map(({ order: _, ...attempt }): Attempt => attempt);
      return { items, next: found.length > limit ? found[limit - 1].order : null };
    },
  };
}

function keyOf(address: string, device: string | null, code: RefusalCode): string {
  return `${address} ${device ?? ''} ${code}`;
}

/** Refused attempts to connect that are alike: same address, same id offered, same answer. */
export interface Attempt {
  /** The id that was offered, proven or not; null: none that can be read. */
  device: string | null;
  /** There is a device of this id. */
  known: boolean;
  address: string;
  code: string;
  /** In words, for operators only: it may say more than the answer did. */
  reason: string;
  count: number;
  /** Unix ms. */
  firstAt: number;
  lastAt: number;
  /** The User-Agent header. */
  agent: string | null;
}
