import { computed, signal } from '@preact/signals';
import { commandStates, stateText } from '../parts/commandStates.js';
import { onLive } from '../session/session.js';
import { recent } from './devices.js';
import { closeText, type Presence, presenceStates, shownState } from './presence.js';

/** One line of the list of live events. */
export interface FleetEvent {
  /** Counts up from 1; -1 for an event from before the page was opened. */
  id: number;
  /** Unix ms, by the browser's clock. */
  at: number;
  device: string;
  /** A class of the badge's colour. */
  tone: string;
  /** What happened, in a word or two. */
  what: string;
  detail: string;
}

const kept = 60;

/** The events since the page was opened, newest first, at most 60. */
export const events = signal<FleetEvent[]>([]);

/** `events`, and below them how each device last came or went before the page was opened. */
export const happened = computed(() => {
  const oldest = events.value[events.value.length - 1]?.at ?? Number.POSITIVE_INFINITY;
  const before = recent.value
    .filter(({ presence }) => (presence.since ?? 0) < oldest)
    .map(({ id, presence }): FleetEvent => ({ ...presenceEvent(id, presence), id: -1, at: presence.since ?? 0 }));
  return [...events.value, ...before];
});

function presenceEvent(device: string, presence: Presence): Omit<FleetEvent, 'id' | 'at'> {
  const { lastClose, address } = presence;
  const state = shownState(presence);
  const detail =
    state === 'offline' && lastClose !== null
      ? `connection ${closeText(lastClose)}`
      : state === 'online'
        ? (address ?? '')
        : '';
  return { device, tone: presenceStates[state].tone, what: state, detail };
}

let waiting: FleetEvent[] = [];
let nextId = 1;

/** Adds an event. The list is drawn at most four times per second; of a storm only the newest 60 are kept. */
function note(event: Omit<FleetEvent, 'id' | 'at'>): void {
  if (waiting.length === 0)
    setTimeout(() => {
      events.value = [...waiting.reverse(), ...events.value].slice(0, kept);
      waiting = [];
    }, 250);
  if (waiting.length >= kept) waiting.shift();
  waiting.push({ ...event, id: nextId++, at: Date.now() });
}

/** Collects events from the live feed, until the returned function is called. */
export function watchEvents(): () => void {
  return onLive((message) => {
    if (message.type === 'presence') note(presenceEvent(message.device, message.presence));
    else if (message.type === 'rejected')
      note({
        device: message.device,
        tone: 'bad',
        what: 'frame rejected',
        detail: `${message.message} (${message.code})`,
      });
    else if (message.type === 'command') {
      const { name, state } = message.command;
      note({ device: message.device, tone: commandStates[state]?.tone ?? 'off', what: stateText(state), detail: name });
    }
  });
}
