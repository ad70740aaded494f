/** How a link ended, who ended it, and why. */
export interface LastClose {
  /** Unix ms. */
  at: number;
  /** 1006 where there was no close frame. */
  code: number;
  /** Of a close by the gateway; null: the device closed it. */
  name: string | null;
  by: 'device' | 'gateway' | 'network';
  reason: string;
}

/** What is stored of a device's presence. Address to firmware are of the present link, or the last one. */
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
  /** Null where none ended yet. */
  lastClose: LastClose | null;
  /** Announced by the device when it closed with {"backInMs":n}: Unix ms. */
  backAt: number | null;
}

export interface Presence extends Omit<PresenceRecord, 'deviceKey'> {
  /** late: online, and quiet for longer than expected. asleep: backAt is to come. */
  state: 'never' | 'online' | 'late' | 'asleep' | 'offline';
  lastFrameAt: number | null;
  expectedEveryMs: number | null;
  /** Of the last ping on the present link. */
  roundTripMs: number | null;
  flapping: boolean;
}
