/**
 * What every part of the gateway is made with. wiring/ makes the parts and connects them, one file per concern, in the order of
 * gateway.ts. It decides nothing: a rule belongs into a part.
 */
import type { Logger } from 'pino';
import type { BridgeSettings } from '../bridge/calls.js';
import { bridgeSettings } from '../bridge/settings.js';
import type { ResolvedConfig } from '../config/config.js';
import type { Current } from '../config/current.js';
import type { Loaded } from '../config/reload.js';
import type { Model } from '../domain/model.js';
import type { Fatal } from '../health/diskFailures.js';
import { type Counters, createCounters } from '../observe/counters.js';
import type { Clock } from '../process/clock.js';
import { version } from '../process/version.js';
import type { Chosen } from '../transport/choose.js';
import { createEvents, type Events } from './events.js';

export interface GatewayOptions {
  config: ResolvedConfig;
  /** The name of this machine. */
  host: string;
  models: ReadonlyMap<string, Model>;
  /** Reads configuration and models again. Throws ConfigError. */
  load(): Loaded;
  log: Logger;
  clock: Clock;
  /** In [0, 1): spreads what must not happen at once. */
  random(): number;
  /** The process cannot continue: end it with this exit code. */
  fatal: Fatal;
}

/** What every part of the gateway is made with. */
export interface Base extends GatewayOptions {
  /** The gateway's name in MQTT topics and for operators. */
  gatewayId: string;
  /** The limits and models in force. */
  current: Current;
  counters: Counters;
  events: Events;
  /** How the bridge is configured; null if there is none. */
  bridgeSettings: BridgeSettings | null;
  /** What speaks WebSocket and HTTP, and why it was chosen. */
  transport: Chosen;
  /** Unix ms. */
  startedAt: number;
  /** Ms from some moment in the past; it never steps. */
  monotonic(): number;
  /** Calls `run` after `delayMs`; keeps no process alive. */
  schedule(delayMs: number, run: () => void): void;
}

/** Throws StartError 78 if a file that the settings of the bridge name cannot be read: that is known before any folder is opened. */
export function createBase(options: GatewayOptions, gatewayId: string, transport: Chosen): Base {
  return {
    ...options,
    gatewayId,
    current: { limits: options.config.limits, models: new Map(options.models) },
    counters: createCounters(),
    events: createEvents(),
    transport,
    bridgeSettings: bridgeSettings(gatewayId, options.config, options.models, version),
    startedAt: options.clock.now(),
    monotonic: () => performance.now(),
    schedule: (delayMs, run) => void setTimeout(run, delayMs).unref(),
  };
}
