/**
 * `tidegate serve`. commands/ holds one file per subcommand: its arguments, what it asks of the gateway, and what it prints. What
 * several subcommands need is in api/, terminal/ and serving/.
 */
import type { Command } from 'commander';
import { untilSignal } from '../../device-sim/run/untilSignal.js';
import { version } from '../../gateway/process/version.js';
import { createLogger } from '../serving/logger.js';
import { type ConfigOptions, configFrom, runGateway } from '../serving/runGateway.js';
import { collect } from '../terminal/collect.js';

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('run the gateway')
    .option('--config <file>', 'configuration file in YAML; config/gateway.yaml lists every key (default: none)')
    .option('--data <dir>', 'data folder (default: data)')
    .option('--set <key=value>', 'one setting, for example device.port=9000; repeatable', collect)
    .addHelpText(
      'after',
      '\nThe gateway logs to stdout. SIGTERM or Ctrl-C stops it cleanly. SIGHUP reloads\nmodels, limits, log level and certificates.\n\nExit codes: 0 stopped, 69 port in use, 73 data folder not writable, 74 disk error,\n75 data folder in use, 78 configuration error.',
    )
    .action(serve);
}

async function serve(options: ConfigOptions): Promise<void> {
  const config = configFrom(options);
  const log = createLogger(config.log.level);
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught exception');
    process.exit(70);
  });
  const gateway = await runGateway(config, log, () => configFrom(options));
  const { transport, reason } = gateway.transport;
  log.info(
    {
      tidegate: version,
      node: process.versions.node,
      sqlite: gateway.sqliteVersion,
      [transport.name]: transport.version,
    },
    'versions',
  );
  log.info(`the transport is ${transport.name} ${transport.version}: ${reason}`);
  log.info(
    { data: gateway.dataFolder, gatewayId: gateway.gatewayId, models: config.models, mqtt: config.mqtt.url ?? 'off' },
    'settings',
  );
  if (!isLoopback(config.operator.host) && config.operator.tls === undefined)
    log.warn('the operator port is open to the network without TLS');
  log.info({ device: gateway.deviceUrl, console: gateway.operatorUrl }, 'ready');
  process.on('SIGHUP', () => {
    gateway.reload().catch((error) => log.error({ err: error }, 'reload failed; the old configuration stays in force'));
  });
  await untilSignal();
  log.info('stopping: closing links with the request to reconnect');
  await gateway.stop();
  log.info('stopped');
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');
