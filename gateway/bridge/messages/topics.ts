// Every part of a topic is checked: a `+` or `#` makes a broker drop the connection, and the message would be sent again for ever.
const idPattern = /^[A-Za-z0-9_-]{1,64}$/;
const prefixPattern = /^(?![$/])[^+#\p{Cc}]{1,128}(?<!\/)$/u;
const answerPattern = /^[A-Za-z0-9-]{1,64}$/;

/** An id or a prefix that may not become part of a topic. */
export class PoisonousTopicError extends Error {}

function checked(part: string, pattern: RegExp, what: string): string {
  if (pattern.test(part)) return part;
  throw new PoisonousTopicError(`${what} ${JSON.stringify(part)} cannot be part of an MQTT topic`);
}

/** Throws PoisonousTopicError for an id or name that cannot be part of a topic. */
export interface Topics {
  /** `online` or `offline`, retained. */
  readonly status: string;
  telemetry(device: string): string;
  presence(device: string): string;
  /** The newest value of a metric; its name is changed to what a topic can take. */
  value(device: string, metric: string): string;
  command(device: string): string;
  /** The filter for command topics. It has one level, so that no answer of ours is ever read as a command. */
  readonly commandFilter: string;
  /** Answers to a command; `name` is its id, or `error`. */
  answer(device: string, name: string): string;
  /** Answers to messages whose topic names no possible device. */
  readonly strayAnswer: string;
  /** The device part of a command topic; null: it is another topic. */
  deviceOfCommand(topic: string): string | null;
  isDeviceId(text: string): boolean;
}

/** Throws PoisonousTopicError if the prefix or the gateway's id cannot be part of a topic. */
export function createTopics(prefix: string, gatewayId: string): Topics {
  const root = `${checked(prefix, prefixPattern, 'prefix')}/${checked(gatewayId, idPattern, 'gateway')}`;
  const ofDevice = (device: string): string => `${root}/${checked(device, idPattern, 'device')}`;
  const commandsIn = new RegExp(`^${escaped(root)}/([^/]*)/command$`);
  return {
    status: `${root}/status`,
    telemetry: (device) => `${ofDevice(device)}/telemetry`,
    presence: (device) => `${ofDevice(device)}/presence`,
    value: (device, metric) => `${ofDevice(device)}/value/${sanitised(metric)}`,
    command: (device) => `${ofDevice(device)}/command`,
    commandFilter: `${root}/+/command`,
    answer: (device, name) => `${ofDevice(device)}/command/${checked(name, answerPattern, 'answer')}`,
    strayAnswer: `${root}/command/error`,
    deviceOfCommand: (topic) => commandsIn.exec(topic)?.[1] ?? null,
    isDeviceId: (text) => idPattern.test(text),
  };
}

/** A name as topics and Home Assistant's ids take it. A replaced character leaves its code, so different names stay different. */
export function sanitised(name: string): string {
  return name.replace(
    /[^A-Za-z0-9-]/gu,
    (character) => `_${character === '_' ? '_' : `${(character.codePointAt(0) as number).toString(16)}_`}`,
  );
}

/** Whether a topic that a client has chosen can be published to: it has no wildcard, is not the broker's own, and is not empty. */
export function isPublishable(topic: string): boolean {
  return topic !== '' && Buffer.byteLength(topic) <= 1_024 && prefixPattern.test(topic.replace(/\/$/, ''));
}

const escaped = (text: string): string => text.replace(/[.*?^${}()|[\]\\]/g, '\\$&');
