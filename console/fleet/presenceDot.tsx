import { type Presence, presenceStates, stateOf } from './presence.js';

/** A state of presence, as a word with a mark: never by colour alone. */
export function PresenceDot({ presence }: { presence: Presence }) {
  const state = stateOf(presence);
  const { tone, meaning } = presenceStates[state];
  return (
    <span class={`dot ${tone} ${state}`} title={meaning}>
      {state}
    </span>
  );
}
