import type { DeviceEditRequest } from '../../../schemas/generated/operator.js';
import type { OperatorContext } from '../http/context.js';
import { byOf, type OperatorRequest, type Route, withBody } from '../http/route.js';
import { needModel } from './devices.js';
import { targetOf } from './targets.js';

/** The faults that an answer lists; it counts all of them. */
const faultsMax = 1_000;

async function edit(request: OperatorRequest<DeviceEditRequest>, context: OperatorContext) {
  const { target, change } = request.body;
  const { registry } = context;
  needModel(change?.model, context);
  const { devices, unknown } = targetOf(target, context);
  const by = byOf(request);
  const done =
    change === undefined ? await registry.removeMany(devices, by) : await registry.editMany(devices, change, by);
  const faults = [
    ...unknown.map((id) => ({ id, code: 'device_unknown' as const, message: `There is no device ${id}` })),
    ...done.faults,
  ];
  return {
    matched: devices.length + unknown.length,
    changed: done.changed,
    unchanged: done.unchanged,
    failed: faults.length,
    faults: faults.slice(0, faultsMax),
  };
}

export const deviceEditRoutes: Route[] = [
  withBody('device_edit', {
    method: 'post',
    path: '/v1/device-edits',
    summary: 'Changes or removes many devices at once, and answers with the faults per device; it may be repeated',
    role: 'operator',
    status: 200,
    answer: 'device_edited',
    handle: edit,
  }),
];
