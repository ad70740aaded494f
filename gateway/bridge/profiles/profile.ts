import type { DeviceFacts } from '../calls.js';
import type { Message } from '../messages/message.js';
import type { Frame } from '../messages/telemetry.js';

/**
 * What is published beside telemetry, presence and status, for those who expect it in another form. A profile adds messages
 * and takes none away.
 */
export interface Profile {
  /** Topics that it listens to. */
  filters: readonly string[];
  /** Of a frame, after its telemetry, in its order. */
  frame(frame: Frame): Message[];
  /** What others must know of a device before its values make sense; published at each connect. */
  announce(device: DeviceFacts): Message[];
  /** Whether the frame before said something of the device that `announce` did not know; asked once for each. */
  hasNews(device: string): boolean;
  /** Takes back what was announced. */
  withdraw(device: string): Message[];
  /** A message on one of its topics. True: everything is to be announced again. */
  heard(topic: string, payload: string): boolean;
}

/** The default: nothing more. */
export const plainProfile: Profile = {
  filters: [],
  frame: () => [],
  announce: () => [],
  hasNews: () => false,
  withdraw: () => [],
  heard: () => false,
};
