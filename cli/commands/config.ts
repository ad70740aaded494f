import type { Command } from 'commander';
import { type ConfigOptions, withConfigOptions } from '../serving/configOptions.js';

/** `tidegate config` */
export function addConfig(program: Command): void {
  const config = program.command('config').description('check or show the configuration');
  const add = (name: string, description: string): Command =>
    withConfigOptions(config.command(name).description(description)).option('--json', 'print JSON');
  add(
    'check',
    'check the configuration, the models and the certificate files, and print the resulting settings; exit code 78 if there is a fault',
  ).action(async (options: SettingsOptions) => (await settings()).check(options));
  add('show', 'print every setting with its current value and source').action(async (options: SettingsOptions) =>
    (await settings()).show(options),
  );
}

type SettingsOptions = ConfigOptions & { json?: boolean };

const settings = (): Promise<typeof import('../serving/settings.js')> => import('../serving/settings.js');
