import { join } from 'node:path';
import { untilSignal } from '../../device-sim/run/untilSignal.js';
import { version } from '../../gateway/process/version.js';
import { configFrom, fileInForce } from './configFrom.js';
import type { ConfigOptions } from './configOptions.js';
import { createLogger } from './logger.js';
import { notifySystemd } from './notifySystemd.js';
import { runGateway } from './runGateway.js';

/** Runs a gateway with these options until a signal stops it. Rejects with ConfigError or StartError if it cannot start. */
export async function serve(options: ConfigOptions): Promise<void> {
  const config = configFrom(options);
  const log = createLogger(config.log.level);
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught exception');
    process.exit(70);
  });
  const gateway = await runGateway(config, log, () => configFrom(options));
  log.info(fileInForce(options));
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
  if (gateway.adminKey !== null)
    log.info(
      `sign in to the console, ${gateway.operatorUrl}, with the key in ${join(gateway.dataFolder, 'admin.key')}`,
    );
  const notify = (...states: string[]): Promise<void> =>
    notifySystemd(...states).catch((error) => log.warn({ err: error }, 'systemd was not notified'));
  void notify('READY=1', `STATUS=devices: ${gateway.deviceUrl}, console: ${gateway.operatorUrl}`);
  process.on('SIGHUP', () => {
    gateway.reload().catch((error) => log.error({ err: error }, 'reload failed; the old configuration stays in use'));
  });
  await untilSignal();
  void notify('STOPPING=1');
  log.info('stopping: disconnecting devices, and asking them to reconnect');
  await gateway.stop();
  log.info('stopped');
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');
