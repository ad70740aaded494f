import { countOf } from '../../schemas/display/numbers.js';
import { deviceLabel } from '../fleet/deviceName.js';

/** Whether a batch can still send: it runs, or it was stopped and can be resumed. */
export const isRunning = (state: string): boolean => state === 'running' || state === 'stopped';

/** The devices of a batch in words, such as `boiler` or `site=north`. */
export function targetText(target: Record<string, unknown>): string {
  if (target.all === true) return 'all devices';
  if (Array.isArray(target.ids))
    return target.ids.length === 1 ? deviceLabel(String(target.ids[0])) : countOf(target.ids.length, 'device');
  const tags = Object.entries((target.tags ?? {}) as Record<string, string>).map(([name, value]) => `${name}=${value}`);
  return [target.model as string | undefined, ...tags].filter(Boolean).join(', ');
}
