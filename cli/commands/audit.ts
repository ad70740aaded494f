import type { Command } from 'commander';
import type { AuditItem, KeyItem } from '../../schemas/generated/operator.js';
import { type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { rowsLimit } from '../terminal/limit.js';
import { printJson, tableOf, timeText } from '../terminal/output.js';
import { parseWhen, timeForms } from '../terminal/times.js';

interface AuditOptions extends ApiOptions {
  from?: string;
  to?: string;
  who?: string;
  action?: string;
  subject?: string;
  limit: string;
}

/** `tidegate audit` */
export function addAudit(program: Command): void {
  withApiOptions(program.command('audit').description('list who changed what and when, newest first'))
    .option('--from <t>', `start: ${timeForms}`)
    .option('--to <t>', 'end (not included), written like --from')
    .option('--who <key>', 'only changes by this key, by its id or name; also mqtt and gateway')
    .option('--action <action>', 'only this action, such as device_created or key_revoked')
    .option('--subject <id>', 'only changes of this device, key or batch')
    .option('--limit <n>', 'at most this many', '50')
    .addHelpText(
      'after',
      '\nIt needs a key of role admin.\n\nExample:\n  tidegate audit --from -1d --who admin --action device_removed',
    )
    .action(audit);
}

async function audit(options: AuditOptions): Promise<void> {
  const now = Date.now();
  const [from, to] = [options.from, options.to].map((text) => (text === undefined ? undefined : parseWhen(text, now)));
  const limit = rowsLimit(options.limit);
  const api = createApiClient(options);
  const { items: keys } = await api.request<{ items: KeyItem[] }>('GET', '/v1/keys');
  const names = new Map(keys.map(({ id, name }) => [id, name]));
  const { who, action, subject } = options;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ from, to, action, subject }))
    if (value !== undefined) query.set(name, String(value));
  const found: AuditItem[] = [];
  for await (const item of api.list<AuditItem>(`/v1/audit?${query}`)) {
    // Several keys may have one name.
    if (who !== undefined && item.by !== who && names.get(item.by) !== who) continue;
    found.push(item);
    if (found.length === limit) break;
  }
  if (options.json) return printJson(...found);
  if (found.length === 0) return console.log('No entries in the audit match.');
  const rows = found.map(({ at, by, action: done, subject: of, detail }) => [
    timeText(at),
    names.has(by) ? `${names.get(by)} (${by})` : by,
    done,
    of,
    detail ?? '',
  ]);
  console.log(tableOf(['TIME (UTC)', 'WHO', 'ACTION', 'SUBJECT', 'DETAIL'], rows));
  if (found.length === limit)
    // `to` is exclusive, and an import makes many entries in one millisecond.
    console.log(`\nThere may be earlier entries: --to ${timeText(found[limit - 1].at + 1)}, or a larger --limit.`);
}
