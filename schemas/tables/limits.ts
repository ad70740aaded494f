/** What the contract fixes. What an operator may change is in config/gateway.schema.json instead. */
export const limits = {
  idPattern: /^[A-Za-z0-9_-]{1,64}$/,
  metricNamePattern: /^[A-Za-z0-9_\-./:]{1,64}$/,
  secretPattern: /^tgd_[A-Za-z0-9_-]{43}$/,
  keyPattern: /^tgk_[A-Za-z0-9_-]{43}$/,
  seqMax: 0xffff_ffff,
  /** A seq further above the stream's mark than this is taken for an error. */
  seqJumpMax: 2 ** 24,
  window: 64,
  maxFrameBytes: 65_536,
  /** Above this the socket is cut without a word, so it stands well above maxFrameBytes. */
  hardFrameBytes: 1_048_576,
  stringBytesMax: 1_024,
  columnsMax: 255,
  rowsMax: 65_535,
  streamsPerDeviceMax: 16,
  metricTablesPerDeviceMax: 8,
  metricsPerTableMax: 1_024,
  samplesPerMessageMax: 10_000,
  nackDetailBytesMax: 120,
  /** Of the JSON Pointer in a nack; a longer one is cut to its parent. */
  faultPathCharsMax: 256,
  /** Bytes of name and parameters of a command, unless the device's hello says more. */
  commandBytesMax: 1_024,
  commandNamePattern: /^[A-Za-z0-9_\-./:]{1,64}$/,
  timeAheadMaxMs: 300_000,
  keepaliveSeconds: 25,
  silenceSeconds: 60,
  deviceSilenceSeconds: 75,
  ackOverdueSeconds: 30,
} as const;
