import type { Command } from 'commander';
import { untilSignal } from '../../device-sim/run/untilSignal.js';
import { uwsVersion } from '../../gateway/net/uws.js';
import { version } from '../../gateway/process/version.js';
import { createLogger } from '../serving/logger.js';
import { type ConfigOptions, configFrom, runGateway } from '../serving/runGateway.js';
import { collect } from '../terminal/collect.js';

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('run the gateway')
    .option('--config <file>', 'configuration file (YAML; config/gateway.yaml shows every key)')
    .option('--data <dir>', 'data folder (default: data)')
    .option('--set <key=value>', 'one setting, as device.port=8080; repeatable', collect, [] as string[])
    .addHelpText(
      'after',
      '\nLogs go to stdout. SIGTERM ends it cleanly; SIGHUP reads models, limits, log level and certificates again. Exit codes: 0 stopped, 69 port in use, 74 disk error, 75 data folder in use, 78 configuration.',
    )
    .action(serve);
}

async function serve(options: ConfigOptions): Promise<void> {
  const config = configFrom(options);
  const log = createLogger(config.log.level);
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught');
    process.exit(70);
  });
  const gateway = await runGateway(config, log, () => configFrom(options));
  log.info(
    { tidegate: version, node: process.versions.node, sqlite: gateway.sqliteVersion, uws: uwsVersion },
    'versions',
  );
  log.info(
    { data: gateway.dataFolder, gatewayId: config.gatewayId, models: config.models, mqtt: config.mqtt.url ?? 'off' },
    'settings',
  );
  if (config.operator.host !== '127.0.0.1' && config.operator.tls === undefined)
    log.warn('the operator port is open to the network without TLS');
  log.info({ device: gateway.deviceUrl, console: gateway.operatorUrl }, 'ready');
  process.on('SIGHUP', () => {
    gateway.reload().catch((error) => log.error({ err: error }, 'the configuration is not taken; the old one stays'));
  });
  await untilSignal();
  log.info('stopping: links are told to come back');
  await gateway.stop();
  log.info('stopped');
}
