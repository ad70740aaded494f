/**
 * The topics of a gateway. Nothing goes into one unchecked: a `+` or `#` in a topic makes a broker drop the connection, and the
 * message would be sent again for ever.
 */
const idPattern = /^[A-Za-z0-9_-]{1,64}$/;
const prefixPattern = /^(?![$/])[^+#\p{Cc}]{1,128}(?<!\/)$/u;
const answerPattern = /^[A-Za-z0-9-]{1,64}$/;

/** An id or a prefix that may not become part of a topic. */
export class PoisonousTopicError extends Error {}

function checked(part: string, pattern: RegExp, what: string): string {
  if (pattern.test(part)) return part;
  throw new PoisonousTopicError(`${what} ${JSON.stringify(part)} cannot be part of an MQTT topic`);
}

export type Topics = ReturnType<typeof createTopics>;

export function createTopics(prefix: string, gatewayId: string) {
  const root = `${checked(prefix, prefixPattern, 'prefix')}/${checked(gatewayId, idPattern, 'gateway')}`;
  const ofDevice = (device: string): string => `${root}/${checked(device, idPattern, 'device')}`;
  const commandsIn = new RegExp(`^${escaped(root)}/([^/]*)/command$`);
  return {
    /** Retained: online or offline. */
    status: `${root}/status`,
    telemetry: (device: string): string => `${ofDevice(device)}/telemetry`,
    presence: (device: string): string => `${ofDevice(device)}/presence`,
    /** The newest value of a metric, by its name as a topic takes it. */
    value: (device: string, metric: string): string => `${ofDevice(device)}/value/${sanitised(metric)}`,
    command: (device: string): string => `${ofDevice(device)}/command`,
    /** Where commands come from: one level, so that no answer of ours is ever taken for a command. */
    commandFilter: `${root}/+/command`,
    answer: (device: string, name: string): string =>
      `${ofDevice(device)}/command/${checked(name, answerPattern, 'answer')}`,
    /** Answers to messages whose topic names no possible device. */
    strayAnswer: `${root}/command/error`,
    /** The device part of a topic that commands come from; null: it is another topic. */
    deviceOfCommand: (topic: string): string | null => commandsIn.exec(topic)?.[1] ?? null,
    isDeviceId: (text: string): boolean => idPattern.test(text),
  };
}

/** A name as topics and Home Assistant's ids take it. Different names stay different: what is replaced leaves its code behind. */
export function sanitised(name: string): string {
  return name.replace(
    /[^A-Za-z0-9-]/gu,
    (character) => `_${character === '_' ? '_' : `${(character.codePointAt(0) as number).toString(16)}_`}`,
  );
}

/** A topic that a message may be published to, of another's choosing: no wildcard, none of the broker's own, not empty. */
export function isPublishable(topic: string): boolean {
  return topic !== '' && Buffer.byteLength(topic) <= 1_024 && prefixPattern.test(topic.replace(/\/$/, ''));
}

const escaped = (text: string): string => text.replace(/[.*?^${}()|[\]\\]/g, '\\$&');
