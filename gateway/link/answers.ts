import { encodeCommand, encodeNack, encodeTimeAnswer, encodeWelcome } from '../../schemas/frame/encode.js';
import { ackBytes, frameTypes, frameVersion } from '../../schemas/frame/layout.js';
import type { CommandFrame, WelcomeFrame } from '../../schemas/frame/types.js';
import type { CommandMessage, NackMessage, TimeAnswerMessage, WelcomeMessage } from '../../schemas/generated/device.js';
import type { Fault } from '../../schemas/tables/faults.js';
import type { Encoding } from '../../schemas/tables/subprotocols.js';

/** The messages from the gateway to devices, in the encoding of their link. */
export type Answers = typeof answers;

/** One ack frame for all links. Sending copies it, so it is overwritten for the next ack. */
const ackFrame = new Uint8Array(ackBytes);
ackFrame[0] = frameVersion;
ackFrame[1] = frameTypes.ack;
const ackSeq = new DataView(ackFrame.buffer);

export const answers = {
  welcome(encoding: Encoding, device: string, stream: string, welcome: WelcomeFrame): string | Uint8Array {
    if (encoding === 'binary') return encodeWelcome(welcome);
    const { type, ...rest } = welcome;
    return JSON.stringify({ type, device, stream, ...rest } satisfies WelcomeMessage);
  },

  /** The binary form is valid only until the next call. */
  ack(encoding: Encoding, seq: number): string | Uint8Array {
    if (encoding === 'json') return `{"type":"ack","seq":${seq}}`;
    ackSeq.setUint32(4, seq, true);
    return ackFrame;
  },

  nack(encoding: Encoding, seq: number, { code, path, message }: Fault): string | Uint8Array {
    if (encoding === 'binary') return encodeNack({ type: 'nack', seq, code, detail: message });
    return JSON.stringify({ type: 'nack', seq, code, path, message } satisfies NackMessage);
  },

  command(
    encoding: Encoding,
    { id, name, params, expiresAt, ttlMs, known }: Omit<CommandFrame, 'type'>,
  ): string | Uint8Array {
    if (encoding === 'binary') return encodeCommand({ type: 'command', id, name, params, expiresAt, ttlMs, known });
    const message = { type: 'command', id, name, params: params as CommandMessage['params'], expiresAt, ttlMs, known };
    return JSON.stringify(message as CommandMessage);
  },

  time(encoding: Encoding, echo: number, serverTime: number): string | Uint8Array {
    if (encoding === 'binary') return encodeTimeAnswer({ type: 'time', echo, serverTime });
    return JSON.stringify({ type: 'time', echo, serverTime } satisfies TimeAnswerMessage);
  },
};
