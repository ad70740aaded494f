import type { BatchTarget } from '../../../schemas/generated/operator.js';
import type { Device } from '../../domain/device.js';
import type { OperatorContext } from '../http/context.js';
import { Problem } from '../http/problems.js';

/**
 * The devices that a body names by ids, in that order, or by tags, model or all, in order of their ids; and the ids that no device
 * has. Throws model_unknown, target_empty.
 */
export function targetOf(
  target: BatchTarget,
  { registry, models }: Pick<OperatorContext, 'registry' | 'models'>,
): { devices: Device[]; unknown: string[] } {
  if (target.ids !== undefined) {
    const found = target.ids.map((id) => ({ id, device: registry.get(id) }));
    return {
      devices: found.flatMap(({ device }) => device ?? []),
      unknown: found.filter(({ device }) => device === undefined).map(({ id }) => id),
    };
  }
  if (target.model !== undefined && !models.has(target.model))
    throw new Problem('model_unknown', `There is no model ${target.model}`);
  const tags = Object.entries(target.tags ?? {});
  const devices = Array.from(registry.all()).filter(
    (device) =>
      (target.model === undefined || device.model === target.model) &&
      tags.every(([name, value]) => device.tags[name] === value),
  );
  if (devices.length === 0) throw new Problem('target_empty', 'No device matches these tags and this model');
  return { devices: devices.sort((a, b) => (a.id < b.id ? -1 : 1)), unknown: [] };
}
