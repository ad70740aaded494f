import { bridgeSettings } from '../bridge/settings.js';
import { ConfigError, type ResolvedConfig } from '../config/config.js';
import { StartError } from '../process/startError.js';
import { readTls } from '../transport/tls.js';

/**
 * Reads the files that settings name: certificates, keys and the broker's password. Throws ConfigError with a fault per port and one
 * for the bridge. A start checks them first, so that a wrong path leaves no data folder behind.
 */
export function checkFiles(config: ResolvedConfig): void {
  const faults = [
    ...(['device', 'operator'] as const).flatMap((port) => {
      const { tls } = config[port];
      return tls === undefined ? [] : faultOf(`${port}.tls: `, () => readTls(tls));
    }),
    ...faultOf('', () => bridgeSettings('', config, new Map(), '')),
  ];
  if (faults.length > 0) throw new ConfigError(faults);
}

function faultOf(origin: string, read: () => unknown): string[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof StartError) return [`${origin}${error.message}`];
    throw error;
  }
}
