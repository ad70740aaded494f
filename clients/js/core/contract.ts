// Made by npm run generate from schemas/tables. Do not edit.

/** Limits of the protocol that concern a device (PROTOCOL.md, Limits). */
export const limits = {
  seqMax: 4294967295,
  seqJumpMax: 16777216,
  columnsMax: 255,
  keepaliveSeconds: 25,
  deviceSilenceSeconds: 75,
  ackOverdueSeconds: 30,
} as const;

/** The codes of the faults, in the order of their numbers: the first has number 1. */
export const faultCodes: readonly string[] = [
  'frame_malformed',
  'frame_length',
  'version_unsupported',
  'type_unknown',
  'metric_unknown',
  'value_invalid',
  'value_out_of_range',
  'time_in_future',
  'time_too_old',
  'too_many_series',
  'frame_too_large',
  'seq_invalid',
  'json_invalid',
  'schema_invalid',
  'command_unknown',
  'command_state_invalid',
];

/** What a device reports about a command, in the order of the binary numbers: the first has number 1. */
export const commandStates = ['received', 'running', 'succeeded', 'failed', 'rejected'] as const;

/** What the credential entry in Sec-WebSocket-Protocol begins with (H-2). */
export const credentialEntryPrefix = 'tidegate.auth.';
