/**
 * The limits that the contract fixes (PROTOCOL.md, Limits), with the unit last in the name. Limits that an operator may change
 * are settings: config/gateway.schema.json. tables/ holds the contract's tables: codes, limits, versions, without behaviour.
 */
export const limits = {
  idPattern: /^[A-Za-z0-9_-]{1,64}$/,
  metricNamePattern: /^[A-Za-z0-9_\-./:]{1,64}$/,
  secretPattern: /^tgd_[A-Za-z0-9_-]{43}$/,
  keyPattern: /^tgk_[A-Za-z0-9_-]{43}$/,
  seqMax: 0xffff_ffff,
  /** A seq that is further above the stream's mark is refused with seq_invalid. */
  seqJumpMax: 2 ** 24,
  window: 64,
  maxFrameBytes: 65_536,
  /** A longer message cuts the socket without a nack, so this is well above maxFrameBytes. */
  hardFrameBytes: 1_048_576,
  stringBytesMax: 1_024,
  columnsMax: 255,
  rowsMax: 65_535,
  streamsPerDeviceMax: 16,
  metricTablesPerDeviceMax: 8,
  metricsPerTableMax: 1_024,
  samplesPerMessageMax: 10_000,
  nackDetailBytesMax: 120,
  /** The longest JSON Pointer in a nack. A longer one is cut to its parent. */
  faultPathCharsMax: 256,
  /** The most bytes of name and parameters of a command, unless the device's hello says more. */
  commandBytesMax: 1_024,
  commandNamePattern: /^[A-Za-z0-9_\-./:]{1,64}$/,
  timeAheadMaxMs: 300_000,
  keepaliveSeconds: 25,
  silenceSeconds: 60,
  deviceSilenceSeconds: 75,
  ackOverdueSeconds: 30,
} as const;
