import { limits } from './core/contract.js';
import type { DownMessage } from './core/messages.js';

type Fields = Record<string, unknown>;

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isText = (value: unknown): value is string => typeof value === 'string';
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One reader per type. It returns null if the message does not have the form of its type. Unknown fields are ignored (J-1). */
const readers: Record<string, (fields: Fields) => DownMessage | null> = {
  welcome: ({ lastSeq, window, serverTime, keepaliveSeconds = limits.keepaliveSeconds }) =>
    isWhole(lastSeq) && isWhole(window) && isWhole(serverTime) && isWhole(keepaliveSeconds)
      ? { type: 'welcome', lastSeq, window, serverTime, keepaliveSeconds }
      : null,
  ack: ({ seq, window = 0 }) => (isWhole(seq) && isWhole(window) ? { type: 'ack', seq, window } : null),
  nack: ({ seq, code, message = '' }) =>
    isWhole(seq) && isText(code) ? { type: 'nack', seq, code, message: String(message) } : null,
  time: ({ echo, serverTime }) => (isWhole(echo) && isWhole(serverTime) ? { type: 'time', echo, serverTime } : null),
  command: ({ id, name, params = {}, expiresAt = 0, known = 0 }) =>
    isText(id) && isText(name) && isObject(params) && isWhole(expiresAt) && isWhole(known)
      ? { type: 'command', id, name, params, expiresAt, known }
      : null,
};

/** A text message of the gateway. Null for an unknown type, and for a text that is no message; never throws. */
export function readText(text: string): DownMessage | null {
  const message = parsed(text);
  if (!isObject(message) || !isText(message.type) || !Object.hasOwn(readers, message.type)) return null;
  return readers[message.type](message);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
