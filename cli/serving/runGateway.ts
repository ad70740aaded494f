import type { Logger } from 'pino';
import { loadConfig, type ResolvedConfig } from '../../gateway/config/config.js';
import { loadModels } from '../../gateway/config/models.js';
import { type Gateway, startGateway } from '../../gateway/gateway.js';
import { systemClock } from '../../gateway/process/clock.js';

export interface ConfigOptions {
  config?: string;
  data?: string;
  set: string[];
}

/** The configuration that the options of a command give. Throws ConfigError. */
export function configFrom({ config, data, set }: ConfigOptions, more: string[] = []): ResolvedConfig {
  const settings = [...more, ...(data === undefined ? [] : [`data=${data}`]), ...set];
  return loadConfig({ file: config, environment: process.env, set: settings });
}

/** Starts a gateway in this process; an error it cannot live with ends the process. `load` reads the configuration again, for a reload. */
export function runGateway(config: ResolvedConfig, log: Logger, load: () => ResolvedConfig): Promise<Gateway> {
  const fatal = (error: Error, exitCode: number): void => {
    log.fatal({ err: error }, 'the gateway ends');
    process.exit(exitCode);
  };
  return startGateway({
    config,
    models: loadModels(config.models),
    load() {
      const next = load();
      return { config: next, models: loadModels(next.models) };
    },
    log,
    clock: systemClock,
    random: Math.random,
    fatal,
  });
}
