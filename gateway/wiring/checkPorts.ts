import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ResolvedConfig } from '../config/config.js';
import { listenHost } from '../net/listenHost.js';
import { freePort } from '../transport/portTaken.js';
import { openPort } from './openPort.js';

/**
 * Asks for the ports before a first start makes the data folder, so that a start that fails because of a port leaves no folder
 * behind. A folder that has data is opened first: if another gateway runs on it, that is what has to be said. Throws StartError 69.
 */
export async function checkPorts(config: ResolvedConfig): Promise<void> {
  if (existsSync(join(config.data, 'log.db'))) return;
  for (const port of ['device', 'operator'] as const) {
    const { host, port: number } = config[port];
    await openPort(`${port}.port`, freePort(await listenHost(host), number));
  }
}
