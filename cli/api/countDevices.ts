import type { DeviceBody } from '../../schemas/generated/operator.js';
import type { ApiClient } from './apiClient.js';

/** How many devices are registered, for a question before all of them are changed. */
export async function countDevices(api: ApiClient): Promise<number> {
  let count = 0;
  for await (const _ of api.list<DeviceBody>('/v1/devices')) count += 1;
  return count;
}
