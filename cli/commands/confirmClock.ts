import type { Command } from 'commander';
import { type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { printJson } from '../terminal/output.js';

export function addConfirmClock(program: Command): void {
  withApiOptions(
    program.command('confirm-clock').description('say that the gateway’s clock is right, after it stepped'),
  ).action(confirmClock);
}

async function confirmClock(options: ApiOptions): Promise<void> {
  await createApiClient(options).request('POST', '/v1/gateway/confirm-clock');
  if (options.json) return printJson({ confirmed: true });
  console.log('The clock counts as right from now on.');
}
