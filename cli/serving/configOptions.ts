import type { Command } from 'commander';
import { collect } from '../terminal/collect.js';

/** The options of every subcommand that reads a configuration. */
export interface ConfigOptions {
  config?: string;
  data?: string;
  /** Each one `key=value`. */
  set?: string[];
}

export function withConfigOptions(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file in YAML; config/gateway.yaml lists every key (default: none)')
    .option('--data <dir>', 'data folder (default: data)')
    .option('--set <key=value>', 'one setting, for example device.port=9000; repeatable', collect);
}
