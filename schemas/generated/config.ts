// Made by npm run generate from the *.schema.json files. Do not edit.

/**
 * A fleet of simulated devices.
 */
export interface FleetConfig {
  /**
   * Every reading is a function of it.
   */
  seed?: number;
  /**
   * Time over which the devices connect.
   */
  rampSeconds?: number;
  /**
   * One after another, after the ramp; without them the load is even.
   *
   * @minItems 1
   */
  phases?: [FleetPhase, ...FleetPhase[]];
  /**
   * What goes wrong with devices. When and with which follows from the seed.
   */
  faults?: FleetFault[];
  commands?: FleetCommands;
  /**
   * Thresholds, as 'ackP99Ms<50'; the run fails where one does not hold.
   */
  require?: string[];
  /**
   * @minItems 1
   */
  groups: [FleetGroup, ...FleetGroup[]];
}
export interface FleetPhase {
  name: string;
  seconds: number;
  /**
   * Frames, as a multiple of what the groups say; 0: none.
   */
  rate?: number;
}
export interface FleetFault {
  fault:
    | 'drop_link'
    | 'half_open'
    | 'black_hole'
    | 'slow_reader'
    | 'offline'
    | 'outage'
    | 'reboot_forgetting'
    | 'repeated_seq'
    | 'descending_seq'
    | 'malformed'
    | 'clock_jump'
    | 'clock_skew'
    | 'no_clock'
    | 'rotate_secret';
  /**
   * Share of the devices that it may befall.
   */
  devices?: number;
  /**
   * Only those of these prefixes.
   */
  groups?: string[];
  /**
   * How often for each of them, on average; in place of atSeconds.
   */
  perMinute?: number;
  /**
   * Once for all of them, so long after the ramp.
   */
  atSeconds?: number;
  /**
   * How long it lasts, least and most; of rotate_secret: how long the old secret is good.
   *
   * @minItems 2
   * @maxItems 2
   */
  seconds?: [number, number];
  /**
   * Of clocks: how far ahead.
   */
  skewSeconds?: number;
}
/**
 * Commands that the simulator asks of the gateway, as an operator would.
 */
export interface FleetCommands {
  perSecond: number;
  ttlSeconds?: number;
  deadlineSeconds?: number;
  /**
   * @minItems 1
   */
  mix: [MixedCommand, ...MixedCommand[]];
}
export interface MixedCommand {
  name: string;
  params?: {
    [k: string]: unknown;
  };
}
export interface FleetGroup {
  /**
   * Ids are prefix-1, prefix-2, …
   */
  prefix: string;
  count: number;
  model?: string;
  tags?: {
    [k: string]: string;
  };
  encoding?: 'json' | 'binary';
  /**
   * Of binary frames.
   */
  valueType?: 'f32' | 'f64';
  stream?: string;
  frameIntervalMs?: number;
  samplesPerFrame?: number;
  /**
   * Metric name to signal.
   */
  signals: {
    [k: string]: SignalConfig;
  };
  commands?: CommandBehaviour;
}
export interface SignalConfig {
  /**
   * What it looks like.
   */
  type: 'temperature' | 'humidity' | 'battery' | 'energy' | 'lat' | 'lon' | 'speed' | 'door' | 'switch' | 'wave';
  mean?: number;
  swing?: number;
  noise?: number;
}
/**
 * How commands are answered. Devices obey set_interval {seconds} and reboot, and do nothing for other names.
 */
export interface CommandBehaviour {
  /**
   * Names known beside set_interval and reboot; absent: any name.
   */
  names?: string[];
  /**
   * Least and most until the final word.
   *
   * @minItems 2
   * @maxItems 2
   */
  delayMs?: [number, number];
  /**
   * How often progress is told meanwhile.
   */
  progressSteps?: number;
  /**
   * Probability of failed.
   */
  fail?: number;
  /**
   * Probability of rejected.
   */
  reject?: number;
  /**
   * Probability that it is received and nothing more is heard of it.
   */
  silent?: number;
  /**
   * Probability that the link is lost before it is received.
   */
  dropBefore?: number;
  /**
   * Probability that the link is lost after received was said.
   */
  dropAfter?: number;
}

/**
 * Configuration of the gateway. Order: --set, environment (TIDEGATE_DEVICE__PORT), file, these defaults.
 */
export interface GatewayConfig {
  /**
   * Names this gateway in topics and on the console. Default: the host name.
   */
  gatewayId?: string;
  /**
   * The data folder.
   */
  data?: string;
  /**
   * Folder of model files (*.yaml). Default: the models that come with Tidegate.
   */
  models?: string;
  device?: DeviceListenerConfig;
  operator?: OperatorListenerConfig;
  log?: LogConfig;
  store?: StoreConfig;
  limits?: LimitsConfig;
  shutdown?: ShutdownConfig;
  mqtt?: MqttConfig;
  admission?: AdmissionConfig;
  /**
   * Addresses or CIDR ranges whose X-Forwarded-For is believed.
   */
  trustedProxies?: string[];
  commands?: CommandsConfig;
}
export interface DeviceListenerConfig {
  host?: string;
  /**
   * 0: chosen by the system.
   */
  port?: number;
  tls?: TlsConfig;
}
export interface TlsConfig {
  /**
   * PEM certificate chain.
   */
  certFile: string;
  /**
   * PEM private key.
   */
  keyFile: string;
}
export interface OperatorListenerConfig {
  host?: string;
  /**
   * 0: chosen by the system.
   */
  port?: number;
  tls?: TlsConfig1;
  /**
   * Largest request body.
   */
  bodyBytesMax?: number;
}
export interface TlsConfig1 {
  /**
   * PEM certificate chain.
   */
  certFile: string;
  /**
   * PEM private key.
   */
  keyFile: string;
}
export interface LogConfig {
  level?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
}
export interface StoreConfig {
  /**
   * At most one commit in this time.
   */
  commitIntervalMs?: number;
  /**
   * Telemetry waiting for a commit; beyond it links are closed 4001.
   */
  queuedBytesMax?: number;
  /**
   * Space kept back for the day the disk is full.
   */
  ballastBytes?: number;
  /**
   * Readings in the log at which it is sealed into day files.
   */
  sealReadings?: number;
  /**
   * Longest time between two seals.
   */
  sealIntervalSeconds?: number;
  /**
   * A day that is over is finished (one sorted file, aggregates) when nothing has come for it for so long.
   */
  finishAfterSeconds?: number;
  /**
   * Free space under which the gateway warns.
   */
  lowSpaceBytes?: number;
  /**
   * Raw readings older than this are refused and deleted.
   */
  retentionDays?: number;
  /**
   * Aggregates per minute and hour older than this are deleted.
   */
  rollupRetentionDays?: number;
}
export interface LimitsConfig {
  /**
   * Device links open at a time; beyond it upgrades are answered 503.
   */
  links?: number;
  /**
   * Metrics a device may have.
   */
  seriesPerDevice?: number;
  /**
   * Refused frames a link may have in a row before it is closed 4103; one is forgiven each second.
   */
  badFrames?: number;
  /**
   * Bytes waiting to be read by one device before its link is closed 4002.
   */
  backlogBytes?: number;
  device?: DeviceLimits;
}
/**
 * What one device may send; 0: as much as it likes. Beyond it the link is closed 4004 with retryAfterMs. Models may say otherwise.
 */
export interface DeviceLimits {
  /**
   * Messages of any kind.
   */
  framesPerSecond?: number;
  /**
   * Readings.
   */
  readingsPerSecond?: number;
  /**
   * Bytes of messages.
   */
  bytesPerSecond?: number;
  /**
   * So much as in this time may come at once.
   */
  burstSeconds?: number;
}
export interface ShutdownConfig {
  /**
   * Time over which links are closed at shutdown, for each 1,000 links.
   */
  spreadMs?: number;
  /**
   * Longest time a shutdown may take.
   */
  deadlineMs?: number;
}
export interface MqttConfig {
  /**
   * Broker, as mqtt://host:1883; none: no bridge. User name and password have keys of their own.
   */
  url?: string;
  /**
   * Of the protocol.
   */
  version?: '3.1.1' | '5' | 5;
  /**
   * Default: tidegate- and the gateway's id.
   */
  clientId?: string;
  username?: string;
  /**
   * Better in the environment (TIDEGATE_MQTT__PASSWORD) or in passwordFile.
   */
  password?: string;
  /**
   * A file that holds the password.
   */
  passwordFile?: string;
  tls?: MqttTlsConfig;
  /**
   * A broker that is silent for one and a half times as long is left.
   */
  keepaliveSeconds?: number;
  /**
   * First part of every topic.
   */
  prefix?: string;
  /**
   * Publishes in flight.
   */
  window?: number;
  /**
   * A larger frame becomes several messages.
   */
  messageBytes?: number;
  /**
   * MQTT 5: the broker drops telemetry that it could not deliver for so long. Default: never.
   */
  expirySeconds?: number;
  /**
   * Telemetry that may wait for the broker, in the commit log.
   */
  backlogBytes?: number;
  /**
   * How long telemetry may wait for the broker.
   */
  backlogSeconds?: number;
  /**
   * What happens beyond backlogBytes or backlogSeconds: the oldest frames are not bridged (counted and logged), or devices are closed 4001.
   */
  whenFull?: 'drop-oldest' | 'refuse';
  /**
   * homeassistant adds discovery, values and availability for Home Assistant.
   */
  profile?: 'tidegate' | 'homeassistant';
  /**
   * Of the profile homeassistant: where Home Assistant looks for devices.
   */
  discoveryPrefix?: string;
}
export interface MqttTlsConfig {
  /**
   * PEM certificates that the broker's is checked with. Default: those of the system.
   */
  caFile?: string;
  /**
   * PEM client certificate.
   */
  certFile?: string;
  /**
   * PEM key of the client certificate.
   */
  keyFile?: string;
  /**
   * Name that the broker's certificate is for, where it is not the host of the URL.
   */
  serverName?: string;
}
export interface AdmissionConfig {
  /**
   * New links a second; beyond it upgrades are answered 503 with a Retry-After, and beyond twice that connections end at once.
   */
  connectsPerSecond?: number;
  /**
   * New links that may come at once.
   */
  connectsBurst?: number;
  /**
   * The same from one address (IPv6: /64), counted behind trusted proxies.
   */
  addressConnectsPerSecond?: number;
  /**
   * From one address at once.
   */
  addressConnectsBurst?: number;
  /**
   * Header in which a trusted proxy names the subject of the client certificate that it checked; its common name is the device id.
   */
  clientSubjectHeader?: string;
}
export interface CommandsConfig {
  /**
   * Commands that a device may have in flight.
   */
  inFlightPerDevice?: number;
  /**
   * Commands without an end that a device may have.
   */
  openPerDevice?: number;
  /**
   * Commands without an end in all.
   */
  open?: number;
  /**
   * Ended commands are kept so long.
   */
  keepDays?: number;
}

/**
 * A device model: what its metrics are called, measured in, and may be. The file name is the name of the model.
 */
export interface ModelConfig {
  description?: string;
  /**
   * A device quiet for longer is late.
   */
  expectedIntervalSeconds?: number;
  limits?: ModelLimits;
  /**
   * @minItems 1
   * @maxItems 65536
   */
  metrics: [ModelMetric, ...ModelMetric[]];
  /**
   * What its devices can be told; left out: anything.
   *
   * @maxItems 1000
   */
  commands?: ModelCommand[];
}
/**
 * Instead of limits.device of the gateway, key by key; 0: as much as it likes.
 */
export interface ModelLimits {
  /**
   * Messages of any kind.
   */
  framesPerSecond?: number;
  /**
   * Readings.
   */
  readingsPerSecond?: number;
  /**
   * Bytes of messages.
   */
  bytesPerSecond?: number;
  burstSeconds?: number;
}
export interface ModelMetric {
  /**
   * Its number in binary frames, never used again for another metric.
   */
  number: number;
  name: string;
  unit?: string;
  kind?: 'number' | 'string' | 'boolean';
  /**
   * A raw value in a binary frame is multiplied by it.
   */
  scale?: number;
  range?: MetricRange;
}
export interface MetricRange {
  min?: number;
  max?: number;
  /**
   * store: kept and counted; refuse: the frame is nacked value_out_of_range.
   */
  outside?: 'store' | 'refuse';
}
export interface ModelCommand {
  name: string;
  description?: string;
  /**
   * JSON Schema of the parameters; secret: true marks one that is never shown, and erased at the end.
   */
  params?: {
    [k: string]: unknown;
  };
  /**
   * How long it may wait to be sent.
   */
  ttlSeconds?: number;
  /**
   * How long after it was sent its final word may take.
   */
  deadlineSeconds?: number;
}
