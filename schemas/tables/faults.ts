/**
 * Why a message of a device was refused (PROTOCOL.md section 7). The key is the `code` of JSON nacks, `number` is sent in binary
 * nacks. A nack means "never send this frame again". Its bytes are kept with the reason in quarantine, where operators can
 * read it and store it after all. A transient cause is no fault: it closes the link instead (closeCodes.ts).
 */
export const faults = {
  frame_malformed: { number: 1, meaning: 'a reserved byte is not zero, or a count or value type is out of range' },
  frame_length: { number: 2, meaning: 'the length of the message is not the length its header gives' },
  version_unsupported: { number: 3, meaning: 'byte 0 is not a frame version this gateway knows' },
  type_unknown: { number: 4, meaning: 'the frame type is not one a device may send' },
  metric_unknown: {
    number: 5,
    meaning: 'a metric number or metric table was never declared, or its declaration was refused',
  },
  value_invalid: {
    number: 6,
    meaning: 'a value is not finite, too long, too large to be exact, or not of the kind the metric first had',
  },
  value_out_of_range: { number: 7, meaning: 'a value lies outside the range for which the model says refuse' },
  time_in_future: { number: 8, meaning: 'a time is more than five minutes ahead of the gateway' },
  time_too_old: { number: 9, meaning: 'a time is older than the retention' },
  too_many_series: { number: 10, meaning: 'the device would have more metrics than its limit' },
  frame_too_large: { number: 11, meaning: 'the message is longer than maxFrameBytes of the welcome' },
  seq_invalid: { number: 12, meaning: 'seq is at or below lastSeq, does not ascend, or jumps too far' },
  json_invalid: { number: 13, meaning: 'the text is not JSON' },
  schema_invalid: { number: 14, meaning: 'the message does not have the form that PROTOCOL.md gives' },
  command_unknown: { number: 15, meaning: 'no command with this id was sent to this device' },
  command_state_invalid: { number: 16, meaning: 'the state is not one a device may report' },
} as const satisfies Record<string, { number: number; meaning: string }>;

/** A key of `faults`, for example `value_invalid`. */
export type FaultCode = keyof typeof faults;

/** A fault of a device, as a value. `path` is a JSON Pointer (RFC 6901) into a JSON message. It is absent if the fault has no place. */
export interface Fault {
  code: FaultCode;
  message: string;
  path?: string;
}

const codesByNumber = new Map<number, FaultCode>(
  Object.entries(faults).map(([code, { number }]) => [number, code as FaultCode]),
);

/** The code of the number in a binary nack. It is undefined for a number of a later version of the protocol. */
export function faultCodeOf(number: number): FaultCode | undefined {
  return codesByNumber.get(number);
}
