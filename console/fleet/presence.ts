import type { DeviceBody } from '../../schemas/generated/operator.js';
import { ageText, localTime, spanText } from '../parts/format.js';

/** Gateways differ in how much they tell of a link: what is not there is not shown. */
export type Presence = DeviceBody['presence'] & {
  state?: PresenceState;
  lastFrameAt?: number | null;
  expectedEveryMs?: number | null;
  roundTripMs?: number | null;
  reconnects?: number;
  flapping?: boolean;
};
export type PresenceState = 'never' | 'online' | 'late' | 'asleep' | 'offline';
export type Device = Omit<DeviceBody, 'presence'> & { presence: Presence };

export const presenceStates: Record<PresenceState, { tone: string; meaning: string }> = {
  online: { tone: 'good', meaning: 'it has a link' },
  late: { tone: 'wait', meaning: 'it has a link, and is quiet for longer than it should be' },
  asleep: { tone: 'off', meaning: 'it said when it would be back' },
  offline: { tone: 'bad', meaning: 'it has no link' },
  never: { tone: 'off', meaning: 'it was never here' },
};

export function stateOf({ state, online, since }: Presence): PresenceState {
  if (state !== undefined) return state;
  if (online) return 'online';
  return since === null ? 'never' : 'offline';
}

type Close = NonNullable<Presence['lastClose']> & { name?: string | null; by?: string };

const closers: Record<string, string> = { device: 'the device', gateway: 'the gateway', network: 'the network' };

/** Why the last link ended, in words. */
export function closeText(close: Close): string {
  const what = close.name === undefined || close.name === null ? `${close.code}` : `${close.name} (${close.code})`;
  const who = close.by === undefined ? '' : `, by ${closers[close.by] ?? close.by}`;
  return `${what}${close.reason === '' ? '' : ` “${close.reason}”`}${who}`;
}

/** Why the device is as it is: a sentence for whoever looks for it. */
export function reasonOf(presence: Presence, now: number): string {
  const { since, lastClose, backAt, expectedEveryMs, lastFrameAt } = presence;
  switch (stateOf(presence)) {
    case 'never':
      return 'It has not connected yet.';
    case 'online':
      return since === null ? 'Connected.' : `Connected for ${spanText(now - since)}.`;
    case 'late': {
      const every = expectedEveryMs == null ? '' : `; it should send every ${spanText(expectedEveryMs)}`;
      return lastFrameAt == null
        ? `Connected, and nothing came yet${every}.`
        : `Connected, and quiet: its last frame came ${ageText(lastFrameAt, now)}${every}.`;
    }
    case 'asleep':
      return backAt === null ? 'It went to sleep.' : `It sleeps, and said it would be back at ${localTime(backAt)}.`;
    default: {
      const gone = since === null ? 'Not connected' : `Gone for ${spanText(now - since)}`;
      const why = lastClose === null ? '' : `; its link ended with ${closeText(lastClose)}`;
      return `${gone}${why}${backAt === null ? '' : `; it said it would be back at ${localTime(backAt)}`}.`;
    }
  }
}
