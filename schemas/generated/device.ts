// Made by npm run generate from the *.schema.json files. Do not edit.

/**
 * Every frame up to seq is durably stored, or was nacked.
 */
export interface AckMessage {
  type: 'ack';
  seq: number;
  /**
   * The new window; absent: unchanged.
   */
  window?: number;
  [k: string]: unknown;
}

/**
 * A command, gateway to device.
 */
export interface CommandMessage {
  type: 'command';
  id: string;
  name: string;
  params: {
    [k: string]: unknown;
  };
  expiresAt: number;
  ttlMs: number;
  /**
   * What the gateway last heard: 0 never sent before, 1 received, 2 running, 255 sent but unconfirmed.
   */
  known: 0 | 1 | 2 | 255;
  [k: string]: unknown;
}

/**
 * What became of a command, device to gateway.
 */
export interface CommandUpdateMessage {
  type: 'command_update';
  id: string;
  state: 'received' | 'running' | 'succeeded' | 'failed' | 'rejected';
  /**
   * Any JSON; while running {"progress":0.4}.
   */
  result?:
    | {
        [k: string]: unknown;
      }
    | unknown[]
    | string
    | number
    | boolean
    | null;
  error?: {
    code: string;
    message?: string;
    [k: string]: unknown;
  };
  [k: string]: unknown;
}

/**
 * What a device says of itself, once a link.
 */
export interface HelloMessage {
  type: 'hello';
  agent?: string;
  firmware?: string;
  maxCommandBytes?: number;
  expectEveryMs?: number;
  attributes?: {
    [k: string]: string | number | boolean;
  };
  [k: string]: unknown;
}

/**
 * Declares a metric table: the number of a metric is its place in the list, from 0.
 */
export interface MetricsMessage {
  type: 'metrics';
  /**
   * Kept with the device and immutable. Absent: table 0 of this link only.
   */
  table?: number;
  /**
   * @minItems 1
   * @maxItems 1024
   */
  metrics: [MetricDeclaration, ...MetricDeclaration[]];
  [k: string]: unknown;
}
export interface MetricDeclaration {
  name: string;
  /**
   * A SenML unit (RFC 8428), such as Cel, %RH, V.
   */
  unit?: string;
  /**
   * A raw value is multiplied by it.
   */
  scale?: number;
  [k: string]: unknown;
}

/**
 * The frame is in quarantine and is never to be sent again.
 */
export interface NackMessage {
  type: 'nack';
  seq: number;
  code: string;
  /**
   * JSON Pointer into the refused message.
   */
  path?: string;
  message: string;
  [k: string]: unknown;
}

/**
 * Telemetry, device to gateway: one sample (`values`) or several (`samples`), exactly one of the two.
 */
export type TelemetryMessage = {
  type?: 'telemetry';
  /**
   * Number of the frame within its stream; 0 or absent: stored at best effort, not acknowledged.
   */
  seq?: number;
  /**
   * Above 0: Unix ms. At most 0: an age in ms, relative to receipt. Absent: the time of receipt.
   */
  ts?: number;
  /**
   * Metric name to value; null says no value. Strings have at most 1,024 bytes of UTF-8.
   */
  values?: {
    [k: string]: number | string | boolean | null;
  };
  /**
   * @minItems 1
   * @maxItems 10000
   */
  samples?: [TelemetrySample, ...TelemetrySample[]];
  [k: string]: unknown;
} & {
  [k: string]: unknown;
};

export interface TelemetrySample {
  /**
   * Above 0: Unix ms. At most 0: an age in ms, relative to receipt. Absent: the time of receipt.
   */
  ts?: number;
  /**
   * Metric name to value; null says no value. Strings have at most 1,024 bytes of UTF-8.
   */
  values: {
    [k: string]: number | string | boolean | null;
  };
  [k: string]: unknown;
}

/**
 * Asks for the time of the gateway.
 */
export interface TimeRequestMessage {
  type: 'time';
  echo: number;
  [k: string]: unknown;
}

/**
 * The time of the gateway.
 */
export interface TimeAnswerMessage {
  type: 'time';
  echo: number;
  serverTime: number;
  [k: string]: unknown;
}

/**
 * The first message on a link, gateway to device.
 */
export interface WelcomeMessage {
  type: 'welcome';
  device: string;
  stream: string;
  lastSeq: number;
  window: number;
  serverTime: number;
  maxFrameBytes: number;
  keepaliveSeconds: number;
  [k: string]: unknown;
}
