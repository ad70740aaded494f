/** How a link ended, who ended it, and why. */
export interface LastClose {
  /** Unix ms. */
  at: number;
  /** 1006 if there was no close frame. */
  code: number;
  /** The name of the gateway's close code; null: the gateway did not close it. */
  name: string | null;
  by: 'device' | 'gateway' | 'network';
  reason: string;
}

/** The stored part of a device's presence. Address to firmware describe the present link, or the last one. */
export interface PresenceRecord {
  deviceKey: number;
  online: boolean;
  /** Unix ms of the last change; null: not seen yet. */
  since: number | null;
  address: string | null;
  subprotocol: string | null;
  stream: string | null;
  agent: string | null;
  firmware: string | null;
  /** Links after the first one. */
  reconnects: number;
  /** Null: no link has ended yet. */
  lastClose: LastClose | null;
  /** When the device will be back, as it announced with {"backInMs":n} when it closed: Unix ms. */
  backAt: number | null;
}

export interface Presence extends Omit<PresenceRecord, 'deviceKey'> {
  /** late: online, but silent for longer than expected. asleep: offline, and backAt is in the future. */
  state: 'never' | 'online' | 'late' | 'asleep' | 'offline';
  lastFrameAt: number | null;
  expectedEveryMs: number | null;
  /** Measured by the last ping on the present link. */
  roundTripMs: number | null;
  flapping: boolean;
}
