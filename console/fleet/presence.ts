import { ageText, spanText } from '../../schemas/display/times.js';
import type { DeviceBody } from '../../schemas/generated/operator.js';
import { localTime } from '../parts/format.js';

/** A device as the API has it. */
export type Device = DeviceBody;
/** Whether a device is connected, since when, and how its last link ended. */
export type Presence = DeviceBody['presence'];
export type PresenceState = Presence['state'];

/** Per state of presence: its colour, and what it means. */
export const presenceStates: Record<PresenceState, { tone: string; meaning: string }> = {
  online: { tone: 'good', meaning: 'connected' },
  late: { tone: 'wait', meaning: 'connected, but silent for longer than expected' },
  asleep: { tone: 'off', meaning: 'disconnected; it announced when it will be back' },
  offline: { tone: 'bad', meaning: 'not connected' },
  never: { tone: 'off', meaning: 'it has never connected' },
};

const closers: Record<NonNullable<Presence['lastClose']>['by'], string> = {
  device: 'closed by the device',
  gateway: 'closed by the gateway',
  network: 'connection lost',
};

/** How the last link ended, such as `replaced (4100), closed by the gateway`. */
export function closeText({ name, code, reason, by }: NonNullable<Presence['lastClose']>): string {
  return `${name === null ? code : `${name} (${code})`}${reason === '' ? '' : ` “${reason}”`}, ${closers[by]}`;
}

/** Why the device is in its state, in one or two sentences. `now` in Unix ms. */
export function reasonOf(presence: Presence, now: number): string {
  const { state, since, lastClose, backAt, expectedEveryMs, lastFrameAt } = presence;
  switch (state) {
    case 'never':
      return 'It has not connected yet.';
    case 'online':
      return since === null ? 'Connected.' : `Connected for ${spanText(now - since)}.`;
    case 'late': {
      const expected = expectedEveryMs === null ? '' : ` One is expected every ${spanText(expectedEveryMs)}.`;
      return lastFrameAt === null
        ? `Connected, but it has sent no frame yet.${expected}`
        : `Connected, but silent: its last frame came ${ageText(lastFrameAt, now)}.${expected}`;
    }
    case 'asleep':
      return backAt === null ? 'Asleep.' : `Asleep. It announced to be back at ${localTime(backAt)}.`;
    case 'offline': {
      const gone = since === null ? 'Offline' : `Offline for ${spanText(now - since)}`;
      const why = lastClose === null ? '' : `. Its last link ended with ${closeText(lastClose)}`;
      const back = backAt === null ? '' : `. It announced to be back at ${localTime(backAt)}`;
      return `${gone}${why}${back}.`;
    }
    default:
      return state satisfies never;
  }
}
