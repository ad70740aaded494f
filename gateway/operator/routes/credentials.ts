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
 * Adds a credential and sends it to the device by a command. The earlier credentials start to end only when the command is stored,
 * because only the command gives the device its new secret. If the device would not take the command, this throws before anything
 * is changed.
 */
async function pushCredential(
  device: Device,
  { graceSeconds, ...window }: CredentialRequest,
  by: string,
  { registry, commands }: OperatorContext,
) {
  const commandOf = (secret: string) => ({
    name: rotateSecret,
    params: { secret },
    supersedes: rotateSecret,
    ...(graceSeconds === undefined ? {} : { ttlMs: Math.max(1, graceSeconds) * 1000 }),
  });
  commands.checkRoom(device);
  commands.check(device, commandOf(`tgd_${'-'.repeat(43)}`));
  const made = await registry.addCredential(device.id, window, by);
  const { id: command } = await commands.create(device, commandOf(made.secret), by, null, '');
  if (graceSeconds !== undefined) await registry.retireOthers(device.id, made.cid, graceSeconds, by);
  return { ...made, command };
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
