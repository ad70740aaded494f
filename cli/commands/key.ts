import type { Command } from 'commander';
import type { KeyItem, NewKeyBody } from '../../schemas/generated/operator.js';
import { type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { confirm, yesOption } from '../terminal/confirm.js';
import { printJson, tableOf, timeText } from '../terminal/output.js';
import { parseSpan } from '../terminal/times.js';

/** `tidegate key` */
export function addKey(program: Command): void {
  const key = program.command('key').description('manage operator keys');
  withApiOptions(key.command('add <name>').description('create a key, and print it (shown only once)'))
    .option('--role <role>', 'viewer, operator or admin', 'viewer')
    .option('--expires <time>', 'let the key expire after this time, such as 90d')
    .action(async (name: string, options: ApiOptions & { role: string; expires?: string }) => {
      const { role, expires } = options;
      const made = await createApiClient(options).request<NewKeyBody>('POST', '/v1/keys', {
        name,
        role,
        ...(expires === undefined ? {} : { notAfter: Date.now() + parseSpan('--expires', expires) }),
      });
      if (options.json) return printJson(made);
      console.log(`Key ${made.id} (${options.role}) is shown only this once:\n\n  ${made.key}`);
    });
  withApiOptions(key.command('list').description('list the keys, without their texts'))
    .alias('ls')
    .action(async (options: ApiOptions) => {
      const { items } = await createApiClient(options).request<{ items: KeyItem[] }>('GET', '/v1/keys');
      if (options.json) return printJson(...items);
      console.log(
        tableOf(
          ['ID', 'NAME', 'ROLE', 'CREATED', 'EXPIRES', 'LAST USED'],
          items.map(({ id, name, role, ...times }) => [
            id,
            name,
            role,
            ...[times.createdAt, times.notAfter, times.lastUsedAt].map(timeText),
          ]),
        ),
      );
    });
  withApiOptions(key.command('revoke <id>').description('revoke a key'))
    .addOption(yesOption())
    .action(async (id: string, options: ApiOptions & { yes?: boolean }) => {
      const api = createApiClient(options);
      const { items } = await api.request<{ items: KeyItem[] }>('GET', '/v1/keys');
      // Of a key that does not exist the gateway says so; nobody is asked about it.
      if (items.some((key) => key.id === id))
        await confirm(`Key ${id} is revoked: programs that use it are refused.`, options);
      await api.request('DELETE', `/v1/keys/${encodeURIComponent(id)}`);
      if (options.json) return printJson({ id, revoked: true });
      console.log(`Key ${id} is revoked.`);
    });
}
