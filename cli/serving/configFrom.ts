import { loadConfig, type ResolvedConfig } from '../../gateway/config/config.js';
import type { ConfigOptions } from './configOptions.js';

/** The configuration by the options of a subcommand. The settings of `more` come first, so that options override them. Throws ConfigError. */
export function configFrom({ config, data, set = [] }: ConfigOptions, more: string[] = []): ResolvedConfig {
  const settings = [...more, ...(data === undefined ? [] : [`data=${data}`]), ...set];
  return loadConfig({ file: config, environment: process.env, set: settings });
}

/** One line about the configuration file, because a file that is only near is not read. */
export function fileInForce({ config }: ConfigOptions): string {
  return config === undefined
    ? 'no configuration file: using defaults, TIDEGATE_ variables and --set (name a file with --config)'
    : `configuration file: ${config}`;
}
