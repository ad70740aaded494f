import { useState } from 'preact/hooks';

interface SureProps {
  /** What the button says at first. */
  text: string;
  /** What the second button says, such as `Revoke and close its link`. */
  sure: string;
  act(): Promise<void>;
}

/** A button for what cannot be undone: the first press asks, the second press, in the same place, acts. */
export function Sure({ text, sure, act }: SureProps) {
  const [asking, setAsking] = useState(false);
  if (!asking)
    return (
      <button type="button" class="quiet danger" onClick={() => setAsking(true)}>
        {text}
      </button>
    );
  return (
    <span class="sure">
      <button
        type="button"
        class="danger solid"
        onClick={() => {
          setAsking(false);
          void act();
        }}
      >
        {sure}
      </button>
      <button type="button" class="quiet" onClick={() => setAsking(false)}>
        Cancel
      </button>
    </span>
  );
}
