import { type Presence, presenceStates, shownState } from './presence.js';

/** A state of presence as a word with a coloured mark, because a colour alone is not readable for everybody. */
export function PresenceDot({ presence }: { presence: Presence }) {
  const state = shownState(presence);
  const { tone, meaning } = presenceStates[state];
  return (
    <span class={`dot ${tone} ${state}`} title={meaning}>
      {state}
    </span>
  );
}
