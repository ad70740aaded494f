/** A message on its way to the broker, at QoS 1. */
export interface Message {
  topic: string;
  /** The payload; of telemetry without its last brace, since it is told at each sending whether it is history. */
  body: string;
  /** Of telemetry: Unix ms of its newest reading, or of its receipt where that is earlier. Null for all else. */
  newestAt: number | null;
  retain: boolean;
  /** MQTT 5: what the answer belongs to. */
  correlation?: Uint8Array | null;
}

/** Telemetry that is older than this when it is sent says so. */
export const historicalAfterMs = 60_000;

/** The payload at this time. */
export function payloadOf({ body, newestAt }: Message, now: number): string {
  if (newestAt === null) return body;
  return now - newestAt > historicalAfterMs ? `${body},"historical":true}` : `${body}}`;
}
