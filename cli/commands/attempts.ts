import type { Command } from 'commander';
import type { AttemptItem } from '../../schemas/generated/operator.js';
import { type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { rowsLimit } from '../terminal/limit.js';
import { printJson, tableOf, timeText } from '../terminal/output.js';

/** `tidegate attempts` */
export function addAttempts(program: Command): void {
  withApiOptions(
    program.command('attempts').description('list refused connection attempts with the reason, newest first'),
  )
    .option('--device <id>', 'only attempts with this device id')
    .option('--address <address>', 'only attempts from this IP address')
    .option('--limit <n>', 'at most this many', '50')
    .action(attempts);
}

async function attempts(options: ApiOptions & { device?: string; address?: string; limit: string }): Promise<void> {
  const { device, address, limit } = options;
  const query = new URLSearchParams({
    limit: String(rowsLimit(limit)),
    ...(device ? { device } : {}),
    ...(address ? { address } : {}),
  });
  const { items } = await createApiClient(options).request<{ items: AttemptItem[] }>('GET', `/v1/attempts?${query}`);
  if (options.json) return printJson(...items);
  if (items.length === 0)
    return console.log(`No ${device || address ? 'matching ' : ''}refused connections since the gateway started.`);
  console.log(tableOf(['LAST', 'TIMES', 'DEVICE', 'ADDRESS', 'ANSWER', 'WHY'], items.map(rowOf)));
}

function rowOf({ lastAt, count, device, known, address, code, reason }: AttemptItem): string[] {
  const name = device === null ? '–' : known ? device : `${device} (unknown)`;
  return [timeText(lastAt), String(count), name, address, code, reason];
}
