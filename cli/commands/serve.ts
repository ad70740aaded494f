/**
 * `tidegate serve`. commands/ holds one file per subcommand: its arguments, what it asks of the gateway, and what it prints. What
 * several subcommands need is in api/, terminal/ and serving/. What is slow to load, such as the gateway itself, a subcommand loads
 * only when it runs.
 */
import type { Command } from 'commander';
import { type ConfigOptions, withConfigOptions } from '../serving/configOptions.js';

export function addServe(program: Command): void {
  withConfigOptions(program.command('serve').description('run the gateway'))
    .addHelpText(
      'after',
      '\nThe gateway logs to stdout. SIGTERM or Ctrl-C stops it cleanly. SIGHUP reloads\nmodels, limits, log level and certificates.\n\nExit codes: 0 stopped, 69 port in use, 73 data folder not writable, 74 disk error,\n75 data folder in use, 78 configuration error.',
    )
    .action(async (options: ConfigOptions) => (await import('../serving/serve.js')).serve(options));
}
