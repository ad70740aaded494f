import type { CredentialRequest } from '../../../schemas/generated/operator.js';
import { rotateSecret } from '../../command/rules.js';
import type { Device } from '../../domain/device.js';
import type { OperatorContext } from '../http/context.js';
import { byOf, noContent, type OperatorRequest, type Route, withBody } from '../http/route.js';
import { deviceOf } from './devices.js';

function addCredential(request: OperatorRequest<CredentialRequest | undefined>, context: OperatorContext) {
  const { push = false, ...wanted } = request.body ?? {};
  const device = deviceOf(request, context);
  if (push) return pushCredential(device, wanted, byOf(request), context);
  return context.registry.addCredential(device.id, wanted, byOf(request));
}

/**
 * Adds a credential and sends it to the device by a command, in one transaction: without the command the device would not get its
 * new secret, and its earlier credentials must not end. If the device would not take the command, nothing is changed.
 */
async function pushCredential(
  device: Device,
  wanted: CredentialRequest,
  by: string,
  { registry, commands }: OperatorContext,
) {
  const { graceSeconds } = wanted;
  const { made, changes, stored, failed } = registry.prepareCredential(device.id, wanted, by);
  const command = {
    name: rotateSecret,
    params: { secret: made.secret },
    supersedes: rotateSecret,
    ...(graceSeconds === undefined ? {} : { ttlMs: Math.max(1, graceSeconds) * 1000 }),
  };
  try {
    const { id } = await commands.create(device, command, by, null, '', changes);
    stored();
    return { ...made, command: id };
  } catch (error) {
    failed();
    throw error;
  }
}

export const credentialRoutes: Route[] = [
  {
    method: 'get',
    path: '/v1/devices/{id}/credentials',
    summary: 'Lists the credentials of a device, without their secrets',
    role: 'operator',
    status: 200,
    answer: 'credential_page',
    handle(request, context) {
      const { credentials } = deviceOf(request, context);
      return { items: credentials.map(({ hash: _, ...shown }) => shown), next: null };
    },
  },
  withBody('credential_request', {
    method: 'post',
    path: '/v1/devices/{id}/credentials',
    summary:
      'Creates one more credential for a device; can end the older ones, and can send the new secret to the device',
    role: 'operator',
    bodyOptional: true,
    status: 201,
    answer: 'new_credential',
    handle: addCredential,
  }),
  {
    method: 'delete',
    path: '/v1/devices/{id}/credentials/{cid}',
    summary: 'Revokes a credential; the link that uses it is closed at once',
    role: 'operator',
    status: 204,
    async handle(request, context) {
      await context.registry.revokeCredential(deviceOf(request, context).id, request.parameters[1], byOf(request));
      return noContent;
    },
  },
];
