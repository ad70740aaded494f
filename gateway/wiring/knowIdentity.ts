import { firstId, keepIdentity, keptIdentity } from '../registry/identity.js';
import type { GatewayOptions } from './base.js';

/** Who this gateway is, before its data folder is open. */
export interface KnownIdentity {
  gatewayId: string;
  /** To be called once the data folder is open: keeps the id there, and logs if the host or the id is another one than before. */
  keep(): void;
}

/**
 * The setting `gatewayId`, else the id that the data folder keeps, else a first one, which the folder keeps from now on. Throws
 * StartError 78 if the folder's file cannot be understood.
 */
export function knowIdentity({ config, host, log }: Pick<GatewayOptions, 'config' | 'host' | 'log'>): KnownIdentity {
  const kept = keptIdentity(config.data);
  const gatewayId = config.gatewayId ?? kept?.gatewayId ?? firstId(config.data, host);
  return {
    gatewayId,
    keep() {
      if (kept !== null && kept.gatewayId !== gatewayId)
        log.info(
          `the setting gatewayId is ${gatewayId}; this data folder was made for ${kept.gatewayId}, and MQTT topics change with the id`,
        );
      if (kept !== null && kept.host !== host)
        log.info(
          `this data folder was last used on the host ${kept.host || 'unknown'}; the id of the gateway stays ${gatewayId}`,
        );
      if (kept === null || kept.host !== host)
        keepIdentity(config.data, { gatewayId: kept?.gatewayId ?? gatewayId, host });
    },
  };
}
