// Made by npm run generate from the *.schema.json files. Do not edit.

/**
 * An acknowledgement, gateway to device: every frame of this link up to `seq` is on disk, or was refused by a nack.
 */
export interface AckMessage {
  /**
   * The message type, always `ack`.
   */
  type: 'ack';
  /**
   * The highest number that is settled. The device drops every buffered frame up to and including this number.
   */
  seq: number;
  /**
   * The new number of frames that the device may have unacknowledged. If it is absent, the window stays as it is.
   */
  window?: number;
  [k: string]: unknown;
}

/**
 * A command, gateway to device. The device answers with `command_update` messages that carry the same `id`.
 */
export interface CommandMessage {
  /**
   * The message type, always `command`.
   */
  type: 'command';
  /**
   * The id of the command, a UUID in lower case. The device keeps it with the outcome, so that a command that is sent again is not run again.
   */
  id: string;
  /**
   * What the device is to do, for example `set_interval`. A device that does not have this command answers `rejected` or `failed` with the code `unknown_command`.
   */
  name: string;
  /**
   * The parameters of the command by name, for example `{"seconds":5}`. The object is empty if there are none.
   */
  params: {
    [k: string]: unknown;
  };
  /**
   * The time in Unix milliseconds after which the device must not begin the command. It counts by the clock of the gateway (`serverTime`).
   */
  expiresAt: number;
  /**
   * The milliseconds that were left until `expiresAt` when the gateway sent the message, for a device without a clock. The gateway sends at least 1.
   */
  ttlMs: number;
  /**
   * What the gateway last heard about this command: 0 it was never sent before, 1 `received`, 2 `running`, 255 it was sent but nothing was heard.
   */
  known: 0 | 1 | 2 | 255;
  [k: string]: unknown;
}

/**
 * The state of a command, device to gateway.
 */
export interface CommandUpdateMessage {
  /**
   * The message type, always `command_update`.
   */
  type: 'command_update';
  /**
   * The id of the command as the gateway sent it, a UUID in lower case.
   */
  id: string;
  /**
   * How far the device is. `received` and `running` are steps on the way and may be skipped; `succeeded`, `failed` and `rejected` are final.
   */
  state: 'received' | 'running' | 'succeeded' | 'failed' | 'rejected';
  /**
   * Any JSON value that the device returns with `succeeded`. With `running` it is the progress, for example `{"progress":0.4}`.
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
  /**
   * Why the command did not succeed. It belongs to `failed` and `rejected`.
   */
  error?: {
    /**
     * A short name of the cause for programs: `lost`, `expired`, `unknown_command`, `not_saved`, or one of the device's own.
     */
    code: string;
    /**
     * The cause in words, for people.
     */
    message?: string;
    [k: string]: unknown;
  };
  [k: string]: unknown;
}

/**
 * The introduction of a device, device to gateway. The gateway takes the first hello of a link and ignores later ones.
 */
export interface HelloMessage {
  /**
   * The message type, always `hello`.
   */
  type: 'hello';
  /**
   * The name of the client software, for example `acme-fw`. Operators see it with the device.
   */
  agent?: string;
  /**
   * The version of the firmware, for example `1.4.2`. Operators see it with the device.
   */
  firmware?: string;
  /**
   * The most bytes that name and JSON parameters of a command may have together for this device. If it is absent, the limit is 1,024.
   */
  maxCommandBytes?: number;
  /**
   * How often the device intends to send, in milliseconds. The gateway shows the device as late if it stays quiet for clearly longer. If it is absent, `expectedIntervalSeconds` of the model counts.
   */
  expectEveryMs?: number;
  /**
   * Facts about the device by name, for example `{"serial":"A17"}`. They are kept with the device and replace all attributes of an earlier hello.
   */
  attributes?: {
    [k: string]: string | number | boolean;
  };
  [k: string]: unknown;
}

/**
 * The declaration of a metric table, device to gateway. A metric's number in binary frames is its place in the list, counted from 0.
 */
export interface MetricsMessage {
  /**
   * The message type, always `metrics`.
   */
  type: 'metrics';
  /**
   * The number of the table. A numbered table is kept with the device and cannot be changed. If it is absent, the list is table 0, which holds for this link only.
   */
  table?: number;
  /**
   * The metrics of the table. Their order gives their numbers, and no name may occur twice.
   *
   * @minItems 1
   * @maxItems 1024
   */
  metrics: [MetricDeclaration, ...MetricDeclaration[]];
  [k: string]: unknown;
}
export interface MetricDeclaration {
  /**
   * The name of the metric, for example `temperature`.
   */
  name: string;
  /**
   * A SenML unit (RFC 8428), for example `Cel`, `%RH` or `V`. If it is absent, the unit of the model counts, if there is one.
   */
  unit?: string;
  /**
   * The factor by which values of binary frames are multiplied, for example 0.01 for hundredths. Values of JSON messages are taken as they are. If it is absent, it is 1.
   */
  scale?: number;
  [k: string]: unknown;
}

/**
 * A refusal, gateway to device. The frame is in quarantine, and the device must never send it again.
 */
export interface NackMessage {
  /**
   * The message type, always `nack`.
   */
  type: 'nack';
  /**
   * The number of the rejected frame. It is 0 if the frame had no number, or none that could be read.
   */
  seq: number;
  /**
   * The fault, one of the codes of PROTOCOL.md section 7, for example `value_invalid`. A device treats an unknown code as a nack too.
   */
  code: string;
  /**
   * A JSON Pointer (RFC 6901) to the place in the refused message, for example `/values/temperature`. It is absent if the fault has no place.
   */
  path?: string;
  /**
   * The fault in words, for the developer of the device.
   */
  message: string;
  [k: string]: unknown;
}

/**
 * Telemetry, device to gateway: one sample in `values`, or several in `samples`. A message has exactly one of the two.
 */
export type TelemetryMessage = {
  /**
   * The message type, always `telemetry`. It may be left out.
   */
  type?: 'telemetry';
  /**
   * The number of the frame within its stream. With 0, or without it, the frame is stored at best effort and not acknowledged.
   */
  seq?: number;
  /**
   * The time of the sample. Above 0 it is in Unix milliseconds. At 0 or below it is an age in milliseconds, counted back from receipt. If it is absent, the receipt time counts.
   */
  ts?: number;
  /**
   * The values by metric name, for example `{"temperature":21.5,"door":"open"}`. `null` means that there is no value. A string has at most 1,024 bytes of UTF-8.
   */
  values?: {
    [k: string]: number | string | boolean | null;
  };
  /**
   * Several samples, each with its own time. The same metric must not occur twice with the same time.
   *
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
   * The time of the sample. Above 0 it is in Unix milliseconds. At 0 or below it is an age in milliseconds, counted back from receipt. If it is absent, the receipt time counts.
   */
  ts?: number;
  /**
   * The values by metric name, for example `{"temperature":21.5,"door":"open"}`. `null` means that there is no value. A string has at most 1,024 bytes of UTF-8.
   */
  values: {
    [k: string]: number | string | boolean | null;
  };
  [k: string]: unknown;
}

/**
 * A question for the time of the gateway, device to gateway.
 */
export interface TimeRequestMessage {
  /**
   * The message type, always `time`.
   */
  type: 'time';
  /**
   * Any number of the device's choice. The answer carries it back, so that the device can match the two and measure the delay.
   */
  echo: number;
  [k: string]: unknown;
}

/**
 * The answer to a time request, gateway to device.
 */
export interface TimeAnswerMessage {
  /**
   * The message type, always `time`.
   */
  type: 'time';
  /**
   * The number that the request carried.
   */
  echo: number;
  /**
   * The clock of the gateway when it answered, in Unix milliseconds.
   */
  serverTime: number;
  [k: string]: unknown;
}

/**
 * The first message on a link, gateway to device. The device sends nothing numbered before it.
 */
export interface WelcomeMessage {
  /**
   * The message type, always `welcome`.
   */
  type: 'welcome';
  /**
   * The id of the device that the credential belongs to.
   */
  device: string;
  /**
   * The stream that this link numbers. A device that named none gets a name that begins with `link-` and lives with the link.
   */
  stream: string;
  /**
   * The highest number of the stream that is on disk. The device drops what it buffered up to this number and continues with the next. It is 0 for a new stream.
   */
  lastSeq: number;
  /**
   * How many numbered frames may be unacknowledged. The gateway closes the link with 4003 if there are more.
   */
  window: number;
  /**
   * The clock of the gateway, in Unix milliseconds.
   */
  serverTime: number;
  /**
   * The longest message that the gateway takes, in bytes. A longer one is refused with `frame_too_large`.
   */
  maxFrameBytes: number;
  /**
   * The seconds between two pings of the gateway.
   */
  keepaliveSeconds: number;
  [k: string]: unknown;
}
