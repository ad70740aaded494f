/**
 * The whole gateway, as the flow of its data: what is on disk, what is known, commands, the bridge, a frame's way to the disk,
 * the ports. What a part needs is made before it. gateway/ has this one file of its own: wiring/ has one file per concern, and
 * how a part works is in its own folder.
 */
import type { Reloaded } from './config/reload.js';
import { createLinks } from './link/links.js';
import { urlHost } from './net/address.js';
import { createTrace } from './observe/trace.js';
import { type Chosen, chooseTransport } from './transport/choose.js';
import { createBase, type GatewayOptions } from './wiring/base.js';
import { checkFiles } from './wiring/checkFiles.js';
import { checkPorts } from './wiring/checkPorts.js';
import { Closing } from './wiring/closing.js';
import { connectBridge } from './wiring/connectBridge.js';
import { connectCommands } from './wiring/connectCommands.js';
import { createIntake } from './wiring/createIntake.js';
import { createRegistries } from './wiring/createRegistries.js';
import { createReloading } from './wiring/createReloading.js';
import { everySecond } from './wiring/everySecond.js';
import { knowIdentity } from './wiring/knowIdentity.js';
import { openDevicePort } from './wiring/openDevicePort.js';
import { createOperatorSide, openOperatorPort } from './wiring/openOperatorPort.js';
import { openPort } from './wiring/openPort.js';
import { openStorage } from './wiring/openStorage.js';

export interface Gateway {
  /** ws://host:port/v1/device */
  deviceUrl: string;
  operatorUrl: string;
  /** The gateway's name in MQTT topics. */
  gatewayId: string;
  dataFolder: string;
  /** The first operator key, while <data>/admin.key exists. */
  adminKey: string | null;
  sqliteVersion: string;
  transport: Chosen;
  /** Reloads models, limits, log level and certificates. Throws ConfigError or StartError; then the old ones stay in force. */
  reload(): Promise<Reloaded>;
  /** Closes every link with 4000, commits what was taken in, and closes the store. */
  stop(): Promise<void>;
}

/** Starts the gateway. Throws ConfigError if a file that the settings name cannot be used, else StartError; then everything that was opened is closed again. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  checkFiles(options.config);
  await checkPorts(options.config);
  const identity = knowIdentity(options);
  const base = createBase(options, identity.gatewayId, await chooseTransport(options.config.transport));
  const { config, clock, counters, events, log, monotonic } = base;
  const closing = new Closing();
  try {
    const storage = closing.add(await openStorage(base));
    identity.keep();
    const registries = closing.add(await createRegistries(base, storage));
    const links = createLinks({ counters, presence: registries.records.presence });
    const commanding = connectCommands(base, storage, registries, links);
    const trace = createTrace({
      now: clock.now,
      monotonic,
      batchReadings: () => registries.inHand.batch.readings,
      bridged: config.mqtt.url !== undefined,
      tell: events.traced,
    });
    const bridge = closing.add(await connectBridge(base, storage, registries, commanding.commands, trace));
    const intake = createIntake(base, { storage, registries, trace, bridge });
    const parts = { storage, registries, links, commanding, trace, bridge, intake };
    const side = closing.add(createOperatorSide(base, parts));
    const { reload, ports, settings } = createReloading(base);
    const devicePort = closing.add(await openPort('device.port', openDevicePort(base, parts)));
    ports.set('device', devicePort.renew);
    const operatorPort = closing.add(
      await openPort('operator.port', openOperatorPort(base, { ...parts, side, devicePort, reload, settings })),
    );
    ports.set('operator', operatorPort.renew);
    closing.add({ close: devicePort.drain });
    // What cannot be undone waits until nothing can fail the start any more.
    await bridge.started();
    side.operations.resumeErasures();
    closing.add(
      everySecond(base, { storage, commands: commanding.commands, meter: intake.meter, operations: side.operations }),
    );
    const scheme = config.device.tls === undefined ? 'ws' : 'wss';
    return {
      deviceUrl: `${scheme}://${urlHost(config.device.host)}:${devicePort.port}/v1/device`,
      operatorUrl: operatorPort.url,
      gatewayId: base.gatewayId,
      dataFolder: config.data,
      adminKey: registries.adminKey,
      sqliteVersion: storage.restored.sqliteVersion,
      transport: base.transport,
      reload,
      stop: () => closing.all(),
    };
  } catch (error) {
    await closing.all().catch((err) => log.error({ err }, 'what was opened before the start failed did not close'));
    throw error;
  }
}
