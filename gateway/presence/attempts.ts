import type { AttemptItem } from '../../schemas/generated/operator.js';
import type { RefusalCode } from '../../schemas/tables/refusals.js';
import type { Clock } from '../process/clock.js';

/** A refused attempt to connect, as the listener saw it. */
export interface Refused {
  address: string;
  /** The id that was offered, proven or not; null: none that can be read. */
  device: string | null;
  /** What was answered. */
  code: RefusalCode;
  /** The exact reason, for operators only. */
  reason: string;
  /** The User-Agent header. */
  agent: string | null;
}

interface Kept extends AttemptItem {
  /** The number of its last attempt; the newest has the highest. */
  order: number;
}

/** Different ids that are kept per address. Attempts for further ids are counted together, without their ids. */
const idsPerAddressMax = 50;

/** Rows that are kept for devices that exist, and again for all others. So a flood of made-up ids pushes out no device. */
const keptMax = 1_000;

/** What to list: rows before the number `before` (infinite: from the newest), of one device or address if given. */
export interface AttemptQuery {
  device?: string;
  address?: string;
  before: number;
  limit: number;
}

/**
 * Refused attempts to connect: who, why, how often. It answers "why does my device not connect". Attempts from the same address,
 * for the same id, with the same answer are one row with a count. They are in memory only, and bounded.
 */
export interface Attempts {
  note(refused: Refused): void;
  /** The newest first. `next` is the `before` of the next page; null: this is the last. */
  list(query: AttemptQuery): { items: AttemptItem[]; next: number | null };
}

/** `known` says whether a device with this id exists. */
export function createAttempts({ clock, known }: { clock: Clock; known(id: string): boolean }): Attempts {
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
    list({ device, address, before, limit }) {
      const found = [...ofDevices.values(), ...ofOthers.values()]
        .filter(
          (row) =>
            row.order < before &&
            (device === undefined || row.device === device) &&
            (address === undefined || row.address === address),
        )
        .sort((a, b) => b.order - a.order);
      const items = found.slice(0, limit).map(({ order: _, ...attempt }): AttemptItem => attempt);
      return { items, next: found.length > limit ? found[limit - 1].order : null };
    },
  };
}

function keyOf(address: string, device: string | null, code: RefusalCode): string {
  return `${address} ${device ?? ''} ${code}`;
}
