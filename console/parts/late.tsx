import { type ComponentType, createElement } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { fail } from '../session/session.js';

type Load<Props> = () => Promise<ComponentType<Props>>;

/** What was loaded, so that it is there at once when it is shown again. */
const loaded = new Map<unknown, unknown>();

/** A page whose code is loaded when it is shown, so that the first view stays small. `load` must be the same function each time. */
export function Late<Props extends object>({ load, props }: { load: Load<Props>; props: Props }) {
  const [Loaded, setLoaded] = useState(() => loaded.get(load) as ComponentType<Props> | undefined);
  // Before the first paint: what is loaded already is then shown without a flicker.
  useLayoutEffect(() => {
    load().then((component) => {
      loaded.set(load, component);
      setLoaded(() => component);
    }, fail);
  }, [load]);
  return Loaded === undefined ? <p class="empty">Loading…</p> : createElement(Loaded, props);
}
