import { useWatched } from '../parts/watched.js';
import { deviceOf } from './devices.js';

/** A device as people know it: its name with the id beside it, or the id alone if it has no name or is not known. */
export function DeviceName({ id }: { id: string }) {
  const name = useWatched(() => deviceOf(id)?.name ?? null, [id]);
  if (name === null) return <span class="device-name">{id}</span>;
  return (
    <span class="device-name">
      {name} <small>{id}</small>
    </span>
  );
}

/** The same as plain text, for what has no elements: tooltips, labels, drawings. */
export function deviceLabel(id: string): string {
  const name = deviceOf(id)?.name ?? null;
  return name === null ? id : `${name} (${id})`;
}
