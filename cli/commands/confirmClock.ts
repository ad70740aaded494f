import type { Command } from 'commander';
import { type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { printJson } from '../terminal/output.js';

/** `tidegate confirm-clock` */
export function addConfirmClock(program: Command): void {
  withApiOptions(
    program
      .command('confirm-clock')
      .description('confirm that the gateway’s clock is right, so that retention resumes'),
  ).action(confirmClock);
}

async function confirmClock(options: ApiOptions): Promise<void> {
  await createApiClient(options).request('POST', '/v1/gateway/confirm-clock');
  if (options.json) return printJson({ confirmed: true });
  console.log('The gateway’s clock is confirmed.');
}
