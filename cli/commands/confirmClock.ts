import type { Command } from 'commander';
import { type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { confirm, yesOption } from '../terminal/confirm.js';
import { printJson } from '../terminal/output.js';

/** `tidegate confirm-clock` */
export function addConfirmClock(program: Command): void {
  withApiOptions(
    program
      .command('confirm-clock')
      .description('confirm that the gateway’s clock is right, so that retention resumes'),
  )
    .addOption(yesOption())
    .action(confirmClock);
}

async function confirmClock(options: ApiOptions & { yes?: boolean }): Promise<void> {
  const api = createApiClient(options);
  await confirm("Retention resumes and removes what is too old by the gateway's clock.", options);
  await api.request('POST', '/v1/gateway/confirm-clock');
  if (options.json) return printJson({ confirmed: true });
  console.log('The gateway’s clock is confirmed.');
}
