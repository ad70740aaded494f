import { computed } from '@preact/signals';
import { useMemo } from 'preact/hooks';

/**
 * What `read` returns. It is read again when a signal in it changes, but the component is drawn again only if the result is another one:
 * a row of a long list that needs one field of a device is not drawn again for every event of the fleet.
 */
export const useWatched = <Value>(read: () => Value, deps: readonly unknown[]): Value =>
  useMemo(() => computed(read), deps).value;
