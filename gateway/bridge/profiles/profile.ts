/**
 * What a profile is. profiles/ holds the messages that other programs expect beside ours, one file per program. A profile only
 * adds messages.
 */
import type { DeviceFacts } from '../calls.js';
import type { Message } from '../messages/message.js';
import type { Frame } from '../messages/telemetry.js';

/**
 * What is published beside telemetry, presence and status, for a system that expects it in another form. A profile only adds
 * messages.
 */
export interface Profile {
  /** Topics that it listens to. */
  filters: readonly string[];
  /** Messages to publish after the telemetry of a frame, in order. */
  frame(frame: Frame): Message[];
  /** What a system must know of a device before its values make sense. It is published at each connect. */
  announce(device: DeviceFacts): Message[];
  /** Whether the last frame of the device has changed what `announce` returns. To be asked once per frame. */
  hasNews(device: string): boolean;
  /** Messages that clear what was announced. */
  withdraw(device: string): Message[];
  /** A message on one of its topics. True: everything is to be announced again. */
  heard(topic: string, payload: string): boolean;
}

/** The default profile: it adds nothing. */
export const plainProfile: Profile = {
  filters: [],
  frame: () => [],
  announce: () => [],
  hasNews: () => false,
  withdraw: () => [],
  heard: () => false,
};
