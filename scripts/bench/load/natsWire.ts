import { type GeneratorData, payloadTemplate, stamped, type Wire } from './wire.js';

/**
 * The protocol of NATS clients: one PUB per frame to a subject of the stream. JetStream answers to the inbox of the connection when the
 * message is in its file.
 */
export function natsWire(data: GeneratorData, index: number): Wire {
  const payload = payloadTemplate(data.readings);
  const inbox = `_INBOX.${index}`;
  const line = `PUB d.bench-${index} ${inbox} ${payload.length}\r\n`;
  const end = Buffer.from('\r\n');
  const body = stamped(Buffer.concat([Buffer.from(line), payload]), payload.length);
  return {
    greeting: Buffer.from(
      `CONNECT {"verbose":false,"pedantic":false,"lang":"bench","version":"1"}\r\nSUB ${inbox} 1\r\nPING\r\n`,
    ),
    opening: null,
    encode: (seq, base) => Buffer.concat([body(seq, base), end]),
    read: (bytes, answers) =>
      readNats(bytes, {
        pong: answers.opened,
        message(_subject, _reply, from, to) {
          const answer = bytes.toString('latin1', from, to);
          if (answer.includes('"error"')) throw new Error(answer);
          answers.ackedOne();
        },
      }),
  };
}

export interface NatsEvents {
  pong(): void;
  ping?(): void;
  /** A message with its subject, the subject to answer to, and the offsets of its payload and of the byte behind it. */
  message(subject: string, reply: string, from: number, to: number): void;
}

/** Reads all complete protocol messages and returns how many bytes they were. Throws at -ERR. */
export function readNats(bytes: Buffer, events: NatsEvents): number {
  let at = 0;
  for (let end = bytes.indexOf('\r\n'); end >= 0; end = bytes.indexOf('\r\n', at)) {
    const line = bytes.toString('latin1', at, end);
    if (line.startsWith('MSG ')) {
      const words = line.split(' ');
      const from = end + 2;
      const to = from + Number(words[words.length - 1]);
      if (bytes.length < to + 2) return at;
      events.message(words[1], words.length === 5 ? words[3] : '', from, to);
      at = to + 2;
      continue;
    }
    at = end + 2;
    if (line === 'PONG') events.pong();
    else if (line === 'PING') events.ping?.();
    else if (line.startsWith('-ERR')) throw new Error(line);
  }
  return at;
}
