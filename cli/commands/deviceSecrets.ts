import type { Command } from 'commander';
import type { CredentialItem, NewCredentialBody } from '../../schemas/generated/operator.js';
import { type ApiOptions, createApiClient } from '../api/apiClient.js';
import { confirm, yesOption } from '../terminal/confirm.js';
import { printJson, tableOf, timeText } from '../terminal/output.js';
import { parseSeconds, parseSpan } from '../terminal/times.js';

interface RotateOptions extends ApiOptions {
  grace?: string;
  push?: boolean;
  expires?: string;
  yes?: boolean;
}

/** Adds the subcommands of `tidegate device` that are about secrets. `add` makes a subcommand. */
export function addSecrets(add: (name: string, description: string) => Command): void {
  add('rotate <id>', 'create a new secret for a device, and print it (shown only once)')
    .option('--grace <time>', 'let the older secrets expire after this time, such as 1d (default: they stay valid)')
    .option('--push', 'also send the new secret to the device, as a command')
    .option('--expires <time>', 'let the new secret expire after this time, such as 90d')
    .addOption(yesOption())
    .addHelpText(
      'after',
      '\nWithout --grace the older secrets stay valid until they are revoked, so the device\nstays connected: tidegate device credentials ID, tidegate device revoke ID CID.\nWith --grace 0s they expire at once.',
    )
    .action(rotate);
  add('credentials <id>', 'list the credentials of a device, without their secrets').action(credentials);
  add('revoke <id> <cid>', 'revoke one credential of a device, and disconnect a device that uses it')
    .addOption(yesOption())
    .action(revoke);
}

const pathOf = (id: string): string => `/v1/devices/${encodeURIComponent(id)}/credentials`;

async function rotate(id: string, options: RotateOptions): Promise<void> {
  const { grace, expires, push = false } = options;
  const graceSeconds = grace === undefined ? undefined : parseSeconds('--grace', grace);
  const api = createApiClient(options);
  if (graceSeconds === 0) {
    await api.request('GET', pathOf(id));
    await confirm(`The older secrets of ${id} expire now, and the device is disconnected.`, options);
  }
  const made = await api.request<NewCredentialBody>('POST', pathOf(id), {
    graceSeconds,
    push,
    ...(expires === undefined ? {} : { notAfter: Date.now() + parseSpan('--expires', expires) }),
  });
  if (options.json) return printJson(made);
  console.log(
    `The new secret of ${id} is shown only this once:\n\n  ${made.secret}\n\n${olderSecrets(id, graceSeconds)}`,
  );
  if (made.command !== undefined)
    console.log(
      `\nThe new secret goes to the device as command ${made.command}. To follow it: tidegate command show ${made.command}`,
    );
}

function olderSecrets(id: string, graceSeconds: number | undefined): string {
  if (graceSeconds === undefined)
    return `The older secrets stay valid until you revoke them. To list them: tidegate device credentials ${id}`;
  if (graceSeconds === 0) return 'The older secrets are no longer valid.';
  return `The older secrets stay valid until ${timeText(Date.now() + graceSeconds * 1000)}.`;
}

async function credentials(id: string, options: ApiOptions): Promise<void> {
  const { items } = await createApiClient(options).request<{ items: CredentialItem[] }>('GET', pathOf(id));
  if (options.json) return printJson(...items);
  const rows = items.map(({ cid, createdAt, notBefore, notAfter, lastUsedAt }) => [
    cid,
    ...[createdAt, notBefore, notAfter, lastUsedAt].map(timeText),
  ]);
  console.log(tableOf(['CID', 'CREATED', 'VALID FROM', 'EXPIRES', 'LAST USED'], rows));
}

async function revoke(id: string, cid: string, options: ApiOptions & { yes?: boolean }): Promise<void> {
  const api = createApiClient(options);
  const { items } = await api.request<{ items: CredentialItem[] }>('GET', pathOf(id));
  if (items.some((item) => item.cid === cid))
    await confirm(`Credential ${cid} of ${id} is revoked, and a device that uses it is disconnected.`, options);
  await api.request('DELETE', `${pathOf(id)}/${encodeURIComponent(cid)}`);
  if (options.json) return printJson({ id, cid, revoked: true });
  console.log(`Credential ${cid} of ${id} is revoked.`);
}
