import { ageText, spanText } from '../../schemas/display/times.js';
import type { DeviceBody } from '../../schemas/generated/operator.js';
import { localTime } from '../parts/format.js';

/** A device as the API has it. */
export type Device = DeviceBody;
/** Whether a device is connected, since when, and how its last link ended. */
export type Presence = DeviceBody['presence'];
export type PresenceState = Presence['state'];

/** The states as they are shown: `disconnected` is an offline device that said goodbye, so it is neither lost nor overdue. */
export type ShownState = PresenceState | 'disconnected';

/** Going away, normal closure, and a close without a code (RFC 6455 section 7.4.1). */
const goodbyes = [1000, 1001, 1005];

/** The state as it is shown. */
export function shownState({ state, lastClose, backAt }: Presence): ShownState {
  const saidGoodbye = lastClose?.by === 'device' && goodbyes.includes(lastClose.code);
  return state === 'offline' && saidGoodbye && backAt === null ? 'disconnected' : state;
}

/** Per state: its colour, and what it means. */
export const presenceStates: Record<ShownState, { tone: string; meaning: string }> = {
  online: { tone: 'good', meaning: 'connected' },
  late: { tone: 'wait', meaning: 'connected, but silent for longer than expected' },
  asleep: { tone: 'off', meaning: 'disconnected; the device said when it will be back' },
  disconnected: { tone: 'off', meaning: 'disconnected by the device itself' },
  offline: { tone: 'bad', meaning: 'the connection was lost, or the device is not back in time' },
  never: { tone: 'off', meaning: 'has never connected' },
};

const closers: Record<NonNullable<Presence['lastClose']>['by'], string> = {
  device: 'closed by the device',
  gateway: 'closed by the gateway',
  network: 'lost',
};

/** How a connection ended, such as `closed by the gateway: replaced (4100)` or `lost`. A reason that only repeats the name is left out. */
export function closeText({ name, code, reason, by }: NonNullable<Presence['lastClose']>): string {
  const said = reason === '' || reason === name ? '' : ` “${reason}”`;
  if (by === 'network') return `${closers[by]}${said}`;
  return `${closers[by]}${name === null ? ` (${code})` : `: ${name.replaceAll('_', ' ')} (${code})`}${said}`;
}

/** Why the device is in its state, in one or two sentences. `now` in Unix ms. */
export function reasonOf(presence: Presence, now: number): string {
  const { state, since, lastClose, backAt, expectedEveryMs, lastFrameAt } = presence;
  switch (state) {
    case 'never':
      return 'Has never connected.';
    case 'online':
      return since === null ? 'Connected.' : `Connected for ${spanText(now - since)}.`;
    case 'late': {
      const expected = expectedEveryMs === null ? '' : ` Expected: one every ${spanText(expectedEveryMs)}.`;
      return lastFrameAt === null
        ? `Connected, but silent: no frame received yet.${expected}`
        : `Connected, but silent. Last frame: ${ageText(lastFrameAt, now)}.${expected}`;
    }
    case 'asleep':
      return backAt === null ? 'Asleep.' : `Asleep. Expected back at ${localTime(backAt)}.`;
    case 'offline': {
      const span = since === null ? '' : ` for ${spanText(now - since)}`;
      if (shownState(presence) === 'disconnected') return `Disconnected${span}. The device closed the connection.`;
      const why = lastClose === null ? '' : ` The connection was ${closeText(lastClose)}.`;
      const back = backAt === null ? '' : ` It was expected back at ${localTime(backAt)}.`;
      return `Offline${span}.${why}${back}`;
    }
    default:
      return state satisfies never;
  }
}
