/**
 * Starts a gateway in this process. serving/ holds what `serve` and `demo` share, because they run a gateway: its configuration, its log,
 * and the signals that stop it.
 */
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { noteRunning } from '../../device-sim/api/running.js';
import type { ResolvedConfig } from '../../gateway/config/config.js';
import { loadModels } from '../../gateway/config/models.js';
import { type Gateway, startGateway } from '../../gateway/gateway.js';
import { systemClock } from '../../gateway/process/clock.js';

/**
 * Starts a gateway in this process, and notes in its data folder that it runs. An error that it cannot survive ends the process. `load`
 * reads the configuration again for a reload.
 */
export async function runGateway(config: ResolvedConfig, log: Logger, load: () => ResolvedConfig): Promise<Gateway> {
  const fatal = (error: Error, exitCode: number): void => {
    log.fatal({ err: error }, 'the gateway stops because of this error');
    process.exit(exitCode);
  };
  const gateway = await startGateway({
    config,
    models: loadModels(config.models),
    load() {
      const next = load();
      return { config: next, models: loadModels(next.models) };
    },
    log,
    host: hostname(),
    clock: systemClock,
    random: Math.random,
    fatal,
  });
  const forget = noteRunning(gateway.dataFolder, gateway.operatorUrl);
  return {
    ...gateway,
    stop() {
      forget();
      return gateway.stop();
    },
  };
}
