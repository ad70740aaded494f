// Made by npm run generate from the *.schema.json files. Do not edit.

/**
 * A fleet of simulated devices for `tidegate-sim`.
 */
export interface FleetConfig {
  /**
   * Readings, faults and moods follow from this number: the same seed does the same again.
   */
  seed?: number;
  /**
   * The seconds over which the devices connect, one after another.
   */
  rampSeconds?: number;
  /**
   * The phases of the load, one after another, after the ramp. Without them the load is even and has no end of its own.
   *
   * @minItems 1
   */
  phases?: [FleetPhase, ...FleetPhase[]];
  /**
   * What goes wrong with the devices. When and with which devices follows from the seed.
   */
  faults?: FleetFault[];
  commands?: FleetCommands;
  /**
   * Thresholds such as `ackP99Ms<50`. The run fails if one of them does not hold.
   */
  require?: string[];
  /**
   * The groups of the fleet. The devices of a group are alike.
   *
   * @minItems 1
   */
  groups: [FleetGroup, ...FleetGroup[]];
}
export interface FleetPhase {
  /**
   * The name of the phase in the report, for example `burst`.
   */
  name: string;
  /**
   * How long the phase lasts. If the run is given a duration, the phases share it in the proportion of these seconds.
   */
  seconds: number;
  /**
   * How many frames the devices send, as a multiple of what their groups say. With 0 they send none.
   */
  rate?: number;
}
export interface FleetFault {
  /**
   * What happens. docs/simulator.md describes each fault. `clock_skew` and `no_clock` hold from the start and take no time; every other fault needs `perMinute` or `atSeconds`.
   */
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
   * The share of the devices that the fault may hit, from 0 to 1.
   */
  devices?: number;
  /**
   * The prefixes of the groups that the fault may hit. If it is absent, it may hit all groups.
   */
  groups?: string[];
  /**
   * How often per minute the fault hits each of these devices on average, at random times. Give either this or `atSeconds`.
   */
  perMinute?: number;
  /**
   * How many seconds after the ramp the fault hits all of these devices once. Give either this or `perMinute`.
   */
  atSeconds?: number;
  /**
   * The shortest and the longest time that the fault lasts, for example `[5, 30]`. For `rotate_secret` it is how long the old secret stays valid. If it is absent, it is 5 seconds.
   *
   * @minItems 2
   * @maxItems 2
   */
  seconds?: [number, number];
  /**
   * How far the clock is ahead for `clock_skew`, or is set ahead for `clock_jump`. Below 0 it is behind. If it is absent, it is 60 seconds.
   */
  skewSeconds?: number;
}
/**
 * Commands that the simulator creates through the operator API, as an operator would. If it is absent, it creates none.
 */
export interface FleetCommands {
  /**
   * How many commands are created per second, for the whole fleet.
   */
  perSecond: number;
  /**
   * How many seconds a command may wait to be sent. If it is absent, the gateway's default counts.
   */
  ttlSeconds?: number;
  /**
   * How many seconds after sending a device may take for its final state. If it is absent, the gateway's default counts.
   */
  deadlineSeconds?: number;
  /**
   * The commands to choose from. Each is as likely as the others; list one twice to double its share.
   *
   * @minItems 1
   */
  mix: [MixedCommand, ...MixedCommand[]];
}
export interface MixedCommand {
  /**
   * The name of the command. Simulated devices obey `set_interval` and `reboot`, and do nothing for other names.
   */
  name: string;
  /**
   * The parameters, for example `{"seconds":2}`. If they are absent, they are `{}`.
   */
  params?: {
    [k: string]: unknown;
  };
}
export interface FleetGroup {
  /**
   * The first part of the ids: the devices are PREFIX-1, PREFIX-2 and so on. No two groups may have the same.
   */
  prefix: string;
  /**
   * How many devices the group has.
   */
  count: number;
  /**
   * The name of the model that the devices are registered with. If it is absent, they have none.
   */
  model?: string;
  /**
   * The tags that the devices are registered with, for example `{ site: north }`. If they are absent, they have none.
   */
  tags?: {
    [k: string]: string;
  };
  /**
   * What the devices send and receive. With `binary`, strings still go as JSON text.
   */
  encoding?: 'json' | 'binary';
  /**
   * The type of the values in binary frames. An f32 has about 7 decimal digits, an f64 about 15.
   */
  valueType?: 'f32' | 'f64';
  /**
   * The name of the stream that the devices number their frames in.
   */
  stream?: string;
  /**
   * The milliseconds between two frames of a device at rate 1.
   */
  frameIntervalMs?: number;
  /**
   * How many samples each frame has, spread over the interval. There may be at most one per millisecond of the interval.
   */
  samplesPerFrame?: number;
  /**
   * What the devices measure: a signal by metric name, for example `{ temperature: { type: temperature, mean: 21 } }`.
   */
  signals: {
    [k: string]: SignalConfig;
  };
  commands?: CommandBehaviour;
}
export interface SignalConfig {
  /**
   * The shape of the signal. `door` and `switch` are strings, all others numbers.
   */
  type: 'temperature' | 'humidity' | 'battery' | 'energy' | 'lat' | 'lon' | 'speed' | 'door' | 'switch' | 'wave';
  /**
   * The value around which the signal moves. Defaults: temperature 20, humidity 50, speed 10, lat, lon and wave 0. The counter of `energy` grows by a hundredth of it per second (default 1,000). Other types ignore it.
   */
  mean?: number;
  /**
   * How far the value moves to each side: over a day for temperature (default 5) and humidity (default 10), over a minute for wave (default 1). Other types ignore it.
   */
  swing?: number;
  /**
   * The largest random deviation to each side, for temperature (default 0.2) and humidity (default 1). Other types ignore it.
   */
  noise?: number;
}
/**
 * How the devices answer commands. They obey `set_interval {seconds}` and `reboot`, and do nothing for other names. The probabilities exclude each other: a command draws at most one of them.
 */
export interface CommandBehaviour {
  /**
   * The names that the devices know beside `set_interval` and `reboot`. They reject other names. If it is absent, they know every name.
   */
  names?: string[];
  /**
   * The shortest and the longest time until the final state, in milliseconds. If it is absent, they answer at once.
   *
   * @minItems 2
   * @maxItems 2
   */
  delayMs?: [number, number];
  /**
   * How often the devices report progress during the delay.
   */
  progressSteps?: number;
  /**
   * The probability that the command ends as `failed`.
   */
  fail?: number;
  /**
   * The probability that the command ends as `rejected`.
   */
  reject?: number;
  /**
   * The probability that the device reports `received` or `running` and then nothing more.
   */
  silent?: number;
  /**
   * The probability that the link is lost before the device takes the command. The device then takes the command when the gateway sends it again.
   */
  dropBefore?: number;
  /**
   * The probability that the link is lost after the device has reported that it took the command.
   */
  dropAfter?: number;
}

/**
 * The configuration of the gateway. `--set` counts before the environment (for example TIDEGATE_DEVICE__PORT), the environment before the file, and the file before these defaults.
 */
export interface GatewayConfig {
  /**
   * The name of this gateway in MQTT topics and on the console. If it is absent, it is the id in `gateway.json` of the data folder, which the first start takes from the host name.
   */
  gatewayId?: string;
  /**
   * The library that speaks WebSocket and HTTP. auto: uWebSockets.js (uws) where its binary loads, else ws, which is slower and runs wherever Node runs.
   */
  transport?: 'auto' | 'uws' | 'ws';
  /**
   * The path of the data folder. It is created if it does not exist.
   */
  data?: string;
  /**
   * The folder of the model files (*.yaml). If it is absent, the models that come with Tidegate are used. A reload reads the files again.
   */
  models?: string;
  device?: DeviceListenerConfig;
  operator?: OperatorListenerConfig;
  log?: LogConfig;
  store?: StoreConfig;
  limits?: LimitsConfig;
  shutdown?: ShutdownConfig;
  mqtt?: MqttConfig;
  clock?: ClockConfig;
  admission?: AdmissionConfig;
  /**
   * The addresses or CIDR ranges of proxies whose `X-Forwarded-For` is believed, for example `10.0.0.0/8`.
   */
  trustedProxies?: string[];
  commands?: CommandsConfig;
  backup?: BackupConfig;
  console?: ConsoleConfig;
}
/**
 * The port that devices connect to.
 */
export interface DeviceListenerConfig {
  /**
   * The address to listen on. `::` means every address of the machine, IPv6 and IPv4 (only IPv4 if it has no IPv6), and `0.0.0.0` every IPv4 address.
   */
  host?: string;
  /**
   * The TCP port to listen on. With 0 the system chooses a free one.
   */
  port?: number;
  /**
   * The URL by which devices reach this port, for example `wss://devices.example.com/v1/device`, if a proxy or another host name stands before it. The console and the command line put it into the programs that they print.
   */
  publicUrl?: string;
  tls?: TlsConfig;
}
/**
 * TLS on this port. If it is absent, the port takes links without encryption. A reload reads the files again.
 */
export interface TlsConfig {
  /**
   * The path of the certificate chain, in PEM.
   */
  certFile: string;
  /**
   * The path of the private key, in PEM.
   */
  keyFile: string;
}
/**
 * The port for operators: the API, the live feed, the metrics and the console.
 */
export interface OperatorListenerConfig {
  /**
   * The address to listen on. `127.0.0.1` means this machine only.
   */
  host?: string;
  /**
   * The TCP port to listen on. With 0 the system chooses a free one.
   */
  port?: number;
  tls?: TlsConfig1;
  /**
   * The largest request body, in bytes. A larger one is refused with 413.
   */
  bodyBytesMax?: number;
  /**
   * Origins from which the console may be opened beside the URL of the gateway itself, for example `https://console.example.com`. It is needed only behind a proxy that does not pass on the header `Host`: the live feed is refused there otherwise.
   *
   * @maxItems 100
   */
  allowedOrigins?: string[];
}
/**
 * TLS on this port. If it is absent, the port takes requests without encryption. A reload reads the files again.
 */
export interface TlsConfig1 {
  /**
   * The path of the certificate chain, in PEM.
   */
  certFile: string;
  /**
   * The path of the private key, in PEM.
   */
  keyFile: string;
}
/**
 * The log, which goes to the standard output.
 */
export interface LogConfig {
  /**
   * The least severe messages that are logged. A reload changes it.
   */
  level?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
}
/**
 * How readings are stored, and for how long.
 */
export interface StoreConfig {
  /**
   * At most one commit begins within this many milliseconds. A longer interval makes fewer and larger commits, and later acks.
   */
  commitIntervalMs?: number;
  /**
   * The bytes of telemetry that may wait for a commit. If there are more, links are closed with 4001 and new ones refused with 503.
   */
  queuedBytesMax?: number;
  /**
   * The size of a file that reserves space for when the disk is full. The gateway gives this space up to recover. 0 means no reserve.
   */
  ballastBytes?: number;
  /**
   * How many readings the commit log may have before they are sealed into day files.
   */
  sealReadings?: number;
  /**
   * The longest time between two seals.
   */
  sealIntervalSeconds?: number;
  /**
   * A past day is finished, into one sorted file and its rollups, if nothing was stored for it for this many seconds.
   */
  finishAfterSeconds?: number;
  /**
   * The absolute path of a folder that every finished day is also written to as `YYYY-MM-DD.parquet`, for example a mounted bucket. A day whose readings change later is written again, and retention removes nothing there. It must not be in the data folder.
   */
  archive?: string;
  /**
   * A gateway does not start if `log.db` or `tidegate.db` is missing or empty beside other data. If this names the file, the gateway starts, and what the file held is given up. Give it for one start only.
   */
  startWithout?: ('log.db' | 'tidegate.db')[];
  /**
   * The gateway warns if the free space of the data folder is below this many bytes.
   */
  lowSpaceBytes?: number;
  /**
   * Readings that are older than this many days are refused, and removed a day later.
   */
  retentionDays?: number;
  /**
   * Rollups (aggregates per minute and hour) that are older than this many days are removed.
   */
  rollupRetentionDays?: number;
}
/**
 * What devices may use of the gateway.
 */
export interface LimitsConfig {
  /**
   * How many device links may be open at the same time. Further ones are refused with 503.
   */
  links?: number;
  /**
   * How many metrics a device may have. A frame with more is refused with `too_many_series`.
   */
  seriesPerDevice?: number;
  /**
   * How many refused frames a link may have before it is closed with 4103. One is forgiven per second.
   */
  badFrames?: number;
  /**
   * The bytes that may wait until one device reads them. If there are more, its link is closed with 4002.
   */
  backlogBytes?: number;
  device?: DeviceLimits;
}
/**
 * How fast one device may send. A device that is faster is closed with 4004 and `retryAfterMs`. A model may set other limits.
 */
export interface DeviceLimits {
  /**
   * How many messages of any kind a device may send per second on average. 0 means no limit.
   */
  framesPerSecond?: number;
  /**
   * How many readings a device may send per second on average. 0 means no limit.
   */
  readingsPerSecond?: number;
  /**
   * How many bytes of messages a device may send per second on average. 0 means no limit.
   */
  bytesPerSecond?: number;
  /**
   * A device may send the amount of this many seconds at once, as after an outage.
   */
  burstSeconds?: number;
}
/**
 * How the gateway closes its links when it stops.
 */
export interface ShutdownConfig {
  /**
   * The milliseconds over which each 1,000 links are closed, so that devices do not all come back together.
   */
  spreadMs?: number;
  /**
   * The longest time that closing the links and committing what was received may take, in milliseconds.
   */
  deadlineMs?: number;
}
/**
 * The bridge to an MQTT broker. Changes need a restart.
 */
export interface MqttConfig {
  /**
   * The broker, for example `mqtt://host:1883`. The schemes are mqtt, mqtts, ws and wss. User name and password have settings of their own. If it is absent, there is no bridge.
   */
  url?: string;
  /**
   * The version of the MQTT protocol.
   */
  version?: '3.1.1' | '5' | 5;
  /**
   * The MQTT client id. If it is absent, it is `tidegate-` and the gateway's id.
   */
  clientId?: string;
  /**
   * The user name at the broker. If it is absent, none is sent.
   */
  username?: string;
  /**
   * The password at the broker. It is better kept in `passwordFile`, or in the environment (TIDEGATE_MQTT__PASSWORD).
   */
  password?: string;
  /**
   * The path of a file that holds the password. Give either this or `password`.
   */
  passwordFile?: string;
  tls?: MqttTlsConfig;
  /**
   * The keepalive of the MQTT connection. A broker that is silent for one and a half times as long is taken for lost.
   */
  keepaliveSeconds?: number;
  /**
   * The first part of every topic, for example `tidegate` or `site/north`.
   */
  prefix?: string;
  /**
   * How many published messages may wait for the broker's acknowledgement at the same time.
   */
  window?: number;
  /**
   * The largest telemetry message, in bytes. A larger frame is split into several messages.
   */
  messageBytes?: number;
  /**
   * With MQTT 5, the broker drops telemetry that it could not deliver within this many seconds. If it is absent, it never does.
   */
  expirySeconds?: number;
  /**
   * The bytes of telemetry that may wait for the broker in the commit log.
   */
  backlogBytes?: number;
  /**
   * The seconds that telemetry may wait for the broker in the commit log.
   */
  backlogSeconds?: number;
  /**
   * What happens beyond `backlogBytes` or `backlogSeconds`. `drop-oldest`: the oldest frames are not bridged, which is logged and counted; they stay in the store. `refuse`: devices are closed with 4001 until there is room.
   */
  whenFull?: 'drop-oldest' | 'refuse';
  /**
   * `homeassistant` adds discovery, values and availability for Home Assistant.
   */
  profile?: 'tidegate' | 'homeassistant';
  /**
   * The topic prefix under which Home Assistant looks for devices. It counts for the profile `homeassistant` only.
   */
  discoveryPrefix?: string;
}
/**
 * Certificates for mqtts and wss. If it is absent, the broker is checked with the system's certificate authorities.
 */
export interface MqttTlsConfig {
  /**
   * The path of the PEM certificates that the broker's certificate is checked with. If it is absent, the system's are used.
   */
  caFile?: string;
  /**
   * The path of the client certificate, in PEM. It needs `keyFile`.
   */
  certFile?: string;
  /**
   * The path of the client certificate's private key, in PEM. It needs `certFile`.
   */
  keyFile?: string;
  /**
   * The host name in the broker's certificate, if it is not the host of the URL.
   */
  serverName?: string;
}
/**
 * How the gateway finds out that the clock of its machine is right.
 */
export interface ClockConfig {
  /**
   * A file that exists once the system has synchronised its clock, for example `/run/systemd/timesync/synchronized`. Until it exists, or an operator confirms the clock, devices are refused with 503 and keep their readings. If it is absent, the gateway does not wait.
   */
  synchronizedFile?: string;
}
/**
 * How fast devices may connect.
 */
export interface AdmissionConfig {
  /**
   * How many new links are made per second. Further ones are refused with 503 and a Retry-After. Beyond twice as many, connections are cut at once.
   */
  connectsPerSecond?: number;
  /**
   * How many new links may come at once, before the rate counts.
   */
  connectsBurst?: number;
  /**
   * How many new links are made per second from one IP address (IPv6: one /64 network). Behind a trusted proxy it is the address that the proxy reports.
   */
  addressConnectsPerSecond?: number;
  /**
   * How many new links may come from one address at once, before the rate counts.
   */
  addressConnectsBurst?: number;
  /**
   * The header in which a trusted proxy passes on the subject of the client certificate that it checked, for example `x-client-subject`. The common name is the device id. If it is absent, client certificates do not count.
   */
  clientSubjectHeader?: string;
}
/**
 * How many commands there may be, and how long they are kept.
 */
export interface CommandsConfig {
  /**
   * How many commands one device may have in flight. The next one is sent after a final state.
   */
  inFlightPerDevice?: number;
  /**
   * How many commands without a final state one device may have. Further ones are refused with 429.
   */
  openPerDevice?: number;
  /**
   * How many commands without a final state all devices together may have. Further ones are refused with 429.
   */
  open?: number;
  /**
   * For how many days commands are kept after they ended.
   */
  keepDays?: number;
}
/**
 * Backups that the gateway makes by itself.
 */
export interface BackupConfig {
  /**
   * When a backup is made: a cron expression of five fields (minute, hour, day of the month, month, day of the week), for example `30 3 * * *` for 03:30 each day. If it is absent, none is made by time. A time that passes while the gateway is down is left out.
   */
  schedule?: string;
  /**
   * The time zone of the schedule, for example `Europe/Berlin`.
   */
  timeZone?: string;
  /**
   * The absolute path of the folder that the backups go into, each in a folder of its own. It must not be in the data folder, and should be on another disk.
   */
  folder?: string;
  /**
   * How many backups stay. After each complete backup the gateway removes the oldest ones beyond this number, and only those that it made itself.
   */
  keep?: number;
}
/**
 * The console, which are the pages for operators in the browser.
 */
export interface ConsoleConfig {
  mapTiles?: MapTilesConfig;
}
/**
 * A server of map tiles for the maps of the console. Its operator learns which places people look at, and the address of the console. If it is absent, the maps show only the outlines of the land and load nothing from another server.
 */
export interface MapTilesConfig {
  /**
   * The URL of a tile, with `{z}`, `{x}` and `{y}` for its zoom and place, and `{r}` for `@2x` on a fine screen if the server has such tiles, for example `https://tiles.example.com/{z}/{x}/{y}.png`. The browser loads images from this server and from no other. If the console is reached by `https`, the tiles must be, too.
   */
  url: string;
  /**
   * Whose map it is, as plain text. The terms of most map servers ask for it, for example `© OpenStreetMap contributors`.
   */
  attribution: string;
}

/**
 * A device model: the names, units and ranges of its metrics, and the commands that its devices take. The name of the file is the name of the model.
 */
export interface ModelConfig {
  /**
   * What the model is, for people, for example `A heating boiler`.
   */
  description?: string;
  /**
   * How often devices of this model send, in seconds. A connected device that stays quiet for clearly longer is shown as late. If it is absent, only the device's hello can say it.
   */
  expectedIntervalSeconds?: number;
  limits?: ModelLimits;
  /**
   * The metrics that devices of this model are known to send. They may send others too.
   *
   * @minItems 1
   * @maxItems 65536
   */
  metrics: [ModelMetric, ...ModelMetric[]];
  /**
   * The commands that devices of this model take. If it is absent or empty, they take any name.
   *
   * @maxItems 1000
   */
  commands?: ModelCommand[];
}
/**
 * How fast one device of this model may send. Each limit here replaces the same one of the gateway's `limits.device`.
 */
export interface ModelLimits {
  /**
   * How many messages of any kind a device may send per second on average. 0 means no limit.
   */
  framesPerSecond?: number;
  /**
   * How many readings a device may send per second on average. 0 means no limit.
   */
  readingsPerSecond?: number;
  /**
   * How many bytes of messages a device may send per second on average. 0 means no limit.
   */
  bytesPerSecond?: number;
  /**
   * A device may send the amount of this many seconds at once, as after an outage.
   */
  burstSeconds?: number;
}
export interface ModelMetric {
  /**
   * The number of the metric in binary frames of table 0. Never give it to another metric later: buffered frames may still use it.
   */
  number: number;
  /**
   * The name of the metric, for example `temperature`. No two metrics of a model may have the same.
   */
  name: string;
  /**
   * The SenML unit (RFC 8428), for example `Cel`, `%RH` or `V`. If it is absent, the metric has no unit unless the device declares one.
   */
  unit?: string;
  /**
   * The kind of the values. A value of another kind is refused with `value_invalid`.
   */
  kind?: 'number' | 'string' | 'boolean';
  /**
   * The factor by which values of binary frames are multiplied, for example 0.01 for hundredths. Values of JSON messages are taken as they are. If it is absent, it is 1.
   */
  scale?: number;
  range?: MetricRange;
}
/**
 * The range in which values are plausible. Its bounds belong to it. If it is absent, every value is.
 */
export interface MetricRange {
  /**
   * The lowest value in range. If it is absent, there is no lower bound.
   */
  min?: number;
  /**
   * The highest value in range. If it is absent, there is no upper bound.
   */
  max?: number;
  /**
   * What happens to a value outside. `store`: it is stored and counted. `refuse`: the frame is refused with `value_out_of_range`.
   */
  outside?: 'store' | 'refuse';
}
export interface ModelCommand {
  /**
   * The name of the command, for example `set_interval`.
   */
  name: string;
  /**
   * What the command does, for people. The console shows it, and Home Assistant uses it as the name.
   */
  description?: string;
  /**
   * The JSON Schema of the parameters. `secret: true` marks a value that is never shown, and is erased when the command ends: at a property, or below `items`, `prefixItems`, `allOf`, `anyOf`, `oneOf`, `$ref` to `#/…`, `additionalProperties` or `patternProperties`. A model with `secret: true` in another place is refused. If it is absent, any object is taken.
   */
  params?: {
    [k: string]: unknown;
  };
  /**
   * How many seconds such a command may wait to be sent, if the request does not say it. If it is absent, it is an hour.
   */
  ttlSeconds?: number;
  /**
   * How many seconds after sending the device may take for its final state, if the request does not say it. If it is absent, it is 5 minutes.
   */
  deadlineSeconds?: number;
}
