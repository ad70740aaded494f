/** messages/ makes the topics and payloads of the bridge. It knows no broker, and does not decide when something is sent. */

/** A message on its way to the broker, at QoS 1. */
export interface Message {
  topic: string;
  /** The payload. Telemetry lacks its last brace here, because `historical` depends on the time at which it is sent. */
  body: string;
  /** The time of the newest reading, or of the receipt if that is earlier: Unix ms. Null for everything but telemetry. */
  newestAt: number | null;
  retain: boolean;
  /** MQTT 5 correlation data of an answer: the request that it belongs to. */
  correlation?: Uint8Array | null;
}

/** Telemetry that is older than this when it is sent is marked `historical`. */
export const historicalAfterMs = 60_000;

/** The payload at this time. */
export function payloadOf({ body, newestAt }: Message, now: number): string {
  if (newestAt === null) return body;
  return now - newestAt > historicalAfterMs ? `${body},"historical":true}` : `${body}}`;
}
