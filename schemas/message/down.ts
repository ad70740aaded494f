import type { ValidateFunction } from 'ajv/dist/2020.js';
import { createAjv, late } from '../ajv.js';
import type {
  AckMessage,
  CommandMessage,
  NackMessage,
  TimeAnswerMessage,
  WelcomeMessage,
} from '../generated/device.js';
import { loadSchema } from '../load.js';

/** A text message of the gateway to a device. */
export type DownMessage = WelcomeMessage | AckMessage | NackMessage | CommandMessage | TimeAnswerMessage;

const ajv = late(() => createAjv({ allowUnionTypes: true }));
const schemaNames = { welcome: 'welcome', ack: 'ack', nack: 'nack', command: 'command', time: 'time_answer' } as const;
const validators = new Map<unknown, () => ValidateFunction<DownMessage>>(
  Object.entries(schemaNames).map(([type, name]) => [
    type,
    late(() => ajv().compile<DownMessage>(loadSchema(`device/${name}`))),
  ]),
);

/**
 * Parses a text message of the gateway, as a device must. It is undefined for a type of a later version, and for a message that
 * does not have the form of its type. It never throws, and keeps unknown fields.
 */
export function parseDownMessage(text: string): DownMessage | undefined {
  const message = parseJson(text);
  if (typeof message !== 'object' || message === null) return undefined;
  return validators.get((message as { type?: unknown }).type)?.()(message) === true
    ? (message as DownMessage)
    : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
