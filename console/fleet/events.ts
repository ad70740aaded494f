import { computed, signal } from '@preact/signals';
import { commandStates, stateText } from '../parts/commandStates.js';
import { onLive } from '../session/session.js';
import { recent } from './devices.js';
import { closeText, type Presence, presenceStates, stateOf } from './presence.js';

export interface FleetEvent {
  id: number;
  at: number;
  device: string;
  tone: string;
  what: string;
  detail: string;
}

const kept = 60;

/** What happened since the page was opened, newest first. */
export const events = signal<FleetEvent[]>([]);

/** With what came before it: how each device came or went last. */
export const happened = computed(() => {
  const oldest = events.value[events.value.length - 1]?.at ?? Number.POSITIVE_INFINITY;
  const before = recent.value
    .filter(({ presence }) => (presence.since ?? 0) < oldest)
    .map(({ id, presence }): FleetEvent => ({ ...presenceEvent(id, presence), id: -1, at: presence.since ?? 0 }));
  return [...events.value, ...before];
});

function presenceEvent(device: string, presence: Presence): Omit<FleetEvent, 'id' | 'at'> {
  const state = stateOf(presence);
  const { lastClose, address } = presence;
  const detail = state === 'offline' && lastClose !== null ? closeText(lastClose) : (address ?? '');
  return { device, tone: presenceStates[state].tone, what: state, detail };
}

let waiting: FleetEvent[] = [];
let nextId = 1;

/** In a storm only the newest are shown, and drawn a few times a second. */
function note(event: Omit<FleetEvent, 'id' | 'at'>): void {
  if (waiting.length === 0)
    setTimeout(() => {
      events.value = [...waiting.reverse(), ...events.value].slice(0, kept);
      waiting = [];
    }, 250);
  if (waiting.length >= kept) waiting.shift();
  waiting.push({ ...event, id: nextId++, at: Date.now() });
}

/** Gathers events from the live feed. Returns the end of it. */
export function watchEvents(): () => void {
  return onLive((message) => {
    if (message.type === 'presence') note(presenceEvent(message.device, message.presence));
    else if (message.type === 'rejected')
      note({
        device: message.device,
        tone: 'bad',
        what: 'frame refused',
        detail: `${message.code}: ${message.message}`,
      });
    else if (message.type === 'command') {
      const { name, state } = message.command;
      note({ device: message.device, tone: commandStates[state]?.tone ?? 'off', what: stateText(state), detail: name });
    }
  });
}
