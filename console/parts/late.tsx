import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { fail } from '../session/session.js';

/** A page whose code is loaded when it is shown. */
export function Late({ load }: { load(): Promise<ComponentType> }) {
  const [Loaded, setLoaded] = useState<ComponentType | null>(null);
  useEffect(() => {
    load().then((component) => setLoaded(() => component), fail);
  }, [load]);
  return Loaded === null ? <p class="empty">Loading…</p> : <Loaded />;
}
