import { readFileSync } from 'node:fs';
import { fileReason } from '../../schemas/errors.js';
import type { ResolvedConfig } from '../config/config.js';
import type { Model } from '../domain/model.js';
import { StartError } from '../process/startError.js';
import type { BridgeSettings } from './calls.js';

/** The bridge as it is configured; null: there is none. Reads the files that the configuration names; throws StartError (78). */
export function bridgeSettings(
  gatewayId: string,
  { mqtt }: ResolvedConfig,
  models: ReadonlyMap<string, Model>,
  version: string,
): BridgeSettings | null {
  const { url, username, tls = {} } = mqtt;
  if (url === undefined) return null;
  return {
    broker: {
      url,
      protocolVersion: String(mqtt.version) === '5' ? 5 : 4,
      clientId: mqtt.clientId ?? `tidegate-${gatewayId}`,
      username: username ?? null,
      password: mqtt.password ?? fileOf('mqtt.passwordFile', mqtt.passwordFile)?.trimEnd() ?? null,
      tls: {
        ca: fileOf('mqtt.tls.caFile', tls.caFile),
        cert: fileOf('mqtt.tls.certFile', tls.certFile),
        key: fileOf('mqtt.tls.keyFile', tls.keyFile),
        serverName: tls.serverName ?? null,
      },
      keepaliveSeconds: mqtt.keepaliveSeconds,
    },
    prefix: mqtt.prefix,
    gatewayId,
    version,
    window: mqtt.window,
    messageBytesMax: mqtt.messageBytes,
    expirySeconds: mqtt.expirySeconds ?? null,
    backlogBytesMax: mqtt.backlogBytes,
    backlogMsMax: mqtt.backlogSeconds * 1000,
    whenFull: mqtt.whenFull,
    profile: mqtt.profile,
    discoveryPrefix: mqtt.discoveryPrefix,
    models: [...models.values()],
  };
}

function fileOf(key: string, path: string | undefined): string | null {
  if (path === undefined) return null;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new StartError(78, `${key}: ${path} cannot be read: ${fileReason(error)}.`);
  }
}
