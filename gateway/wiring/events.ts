import type { Batch } from '../columns/batch.js';
import type { Loaded } from '../config/reload.js';
import type { CommandRecord } from '../domain/command.js';
import type { Device, DeviceNews } from '../domain/device.js';
import type { Presence } from '../domain/presence.js';
import type { TracedFrame } from '../observe/trace.js';

/** Why a device's link must end. */
export type DeviceEnd = 'device_disabled' | 'device_removed' | 'credential_revoked';

/** What happens in one part of the gateway and concerns others. Readings come as their batch, so that nothing is built if nobody listens. */
export interface GatewayEvents {
  /** A batch is on disk; `rids` are the ids of its rejected frames. The batch is valid during the call only. */
  committed(batch: Batch, rids: string[]): void;
  /** A device came, left, became late or introduced itself; `presence` makes what is known now. */
  presence(device: Device, presence: () => Presence): void;
  /** Operators have registered, edited or removed these devices; it is on disk. */
  devicesChanged(devices: readonly Device[], what: DeviceNews): void;
  /** A command's state is on disk. The record comes without its parameters. */
  command(command: CommandRecord): void;
  /** How far a traced frame has come. */
  traced(frame: TracedFrame): void;
  /** A device must lose its link: it was removed or disabled, or its credential `cid` was revoked. */
  deviceEnded(device: Device, why: DeviceEnd, cid?: string): void;
  /** Configuration and models were reloaded. */
  reloaded(loaded: Loaded): void;
  /** An operator confirmed the clock: marks of time after this, Unix ms, were set by a clock that was wrong. */
  clockConfirmed(now: number): void;
}

/** Passes each event to the parts that joined, in the order in which they did. Parts themselves know only plain callbacks. */
export interface Events extends GatewayEvents {
  join(part: Partial<GatewayEvents>): void;
}

export function createEvents(): Events {
  const parts: Partial<GatewayEvents>[] = [];
  return {
    join: (part) => void parts.push(part),
    committed(batch, rids) {
      for (const part of parts) part.committed?.(batch, rids);
    },
    presence(device, presence) {
      for (const part of parts) part.presence?.(device, presence);
    },
    devicesChanged(devices, what) {
      for (const part of parts) part.devicesChanged?.(devices, what);
    },
    command(command) {
      for (const part of parts) part.command?.(command);
    },
    traced(frame) {
      for (const part of parts) part.traced?.(frame);
    },
    deviceEnded(device, why, cid) {
      for (const part of parts) part.deviceEnded?.(device, why, cid);
    },
    reloaded(loaded) {
      for (const part of parts) part.reloaded?.(loaded);
    },
    clockConfirmed(now) {
      for (const part of parts) part.clockConfirmed?.(now);
    },
  };
}
