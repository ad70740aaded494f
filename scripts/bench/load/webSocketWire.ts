import { maskedFrame, opcodes } from '../../../tests/rig/wireClient.js';
import { type Answers, type GeneratorData, payloadTemplate, stamped, type Wire } from './wire.js';

/** WebSocket without a library (RFC 6455): one binary or text message per frame. */
export function webSocketWire(data: GeneratorData, index: number): Wire {
  let isOpen = false;
  const lines = [
    `GET ${data.path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...data.headers[index],
  ];

  function readUpgrade(bytes: Buffer, answers: Answers): number {
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) return 0;
    if (!bytes.toString('latin1', 0, 12).endsWith('101')) throw new Error(bytes.toString('latin1'));
    isOpen = true;
    answers.opened();
    return end + 4;
  }

  return {
    greeting: Buffer.from(`${lines.join('\r\n')}\r\n\r\n`),
    opening: data.opening === null ? null : maskedFrame(Buffer.from(data.opening), opcodes.text),
    encode: data.frame === 'json' ? encodeJson : binaryEncoder(data.readings),
    read(bytes, answers) {
      let at = isOpen ? 0 : readUpgrade(bytes, answers);
      while (isOpen && bytes.length - at >= 2) {
        const long = bytes[at + 1] === 126;
        const start = at + (long ? 4 : 2);
        if (bytes.length < start) break;
        const length = long ? bytes.readUInt16BE(at + 2) : bytes[at + 1];
        if (bytes.length < start + length) break;
        takeMessage(bytes, bytes[at] & 0x0f, start, length, data.answers, answers);
        at = start + length;
      }
      return at;
    },
  };
}

const binaryEncoder = (readings: number) => {
  const payload = payloadTemplate(readings);
  return stamped(maskedFrame(payload, opcodes.binary), payload.length);
};

function encodeJson(seq: number, base: number): Buffer {
  const text = `{"seq":${seq},"ts":${base},"values":{"temperature":21.5,"humidity":48.25,"pressure":1013.25,"battery":87,"voltage":3.71}}`;
  return maskedFrame(Buffer.from(text), opcodes.text);
}

function takeMessage(
  bytes: Buffer,
  opcode: number,
  start: number,
  length: number,
  kind: GeneratorData['answers'],
  answers: Answers,
): void {
  const text = (from: number): string => bytes.toString('utf8', from, start + length);
  if (opcode === opcodes.close)
    throw new Error(`the server closed the link: ${bytes.readUInt16BE(start)} ${text(start + 2)}`);
  if (kind === 'each') return answers.ackedOne();
  if (opcode === opcodes.binary && bytes[start + 1] === 0x84)
    return runCommand(bytes.subarray(start + 4, start + 20), answers);
  if (opcode === opcodes.binary && bytes[start + 1] === 0x82) answers.ackedThrough(bytes.readUInt32LE(start + 4));
  else if (opcode === opcodes.binary && bytes[start + 1] === 0x83)
    throw new Error(`nack ${bytes.readUInt16LE(start + 2)} ${text(start + 8)}`);
  else if (opcode === opcodes.text) {
    const message = JSON.parse(text(start)) as { type: string; seq: number };
    if (message.type === 'ack') answers.ackedThrough(message.seq);
    else if (message.type === 'nack') throw new Error(JSON.stringify(message));
  }
}

/** Reports the command with this id as received and as succeeded. */
function runCommand(id: Buffer, { reply }: Answers): void {
  for (const state of [1, 3]) reply(maskedFrame(Buffer.from([1, 2, state, 0, ...id]), opcodes.binary));
}
