import { useEffect, useRef, useState } from 'preact/hooks';

interface SureProps {
  /** What the button says at first. */
  text: string;
  /** What the second button says, such as `Revoke and close its link`. */
  sure: string;
  act(): Promise<void>;
}

/** A button for what cannot be undone: the first press asks, the second press, in the same place, acts. */
export function Sure({ text, sure, act }: SureProps) {
  const [asking, setAsking] = useState<boolean | null>(null);
  const first = useRef<HTMLButtonElement>(null);
  const cancel = useRef<HTMLButtonElement>(null);
  // The focus goes with the question. It goes to Cancel, because a key that is held down presses again.
  useEffect(() => {
    if (asking === true) cancel.current?.focus();
    else if (asking === false) first.current?.focus();
  }, [asking]);
  if (asking !== true)
    return (
      <button type="button" class="quiet danger" ref={first} onClick={() => setAsking(true)}>
        {text}
      </button>
    );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape does what its button Cancel does
    <span class="sure" onKeyDown={({ key }) => key === 'Escape' && setAsking(false)}>
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
      <button type="button" class="quiet" ref={cancel} onClick={() => setAsking(false)}>
        Cancel
      </button>
    </span>
  );
}
