import { type GeneratorData, payloadTemplate, stamped, type Wire } from './wire.js';

/** HTTP/1.1 with keep-alive: one POST per frame, one request at a time. */
export function httpWire(data: GeneratorData, index: number): Wire {
  const payload = payloadTemplate(data.readings);
  const head = postHead(index, payload.length, 'keep-alive');
  return {
    // HTTP has no greeting, so an empty request stands for it.
    greeting: Buffer.from(postHead(index, 0, 'keep-alive')),
    opening: null,
    encode: stamped(Buffer.concat([Buffer.from(head), payload]), payload.length),
    read: readAnswers(),
  };
}

/** The head of a POST as common HTTP clients write it. Its credential is as long as that of a device of the gateway. */
export function postHead(device: number, bytes: number, connection: string): string {
  return [
    `POST /v1/devices/bench-${device}/readings HTTP/1.1`,
    'Host: 127.0.0.1',
    'User-Agent: device/1.0',
    'Accept: */*',
    `Authorization: Bearer tgd_${'x'.repeat(43)}`,
    'Content-Type: application/octet-stream',
    `Content-Length: ${bytes}`,
    `Connection: ${connection}`,
    '\r\n',
  ].join('\r\n');
}

function readAnswers(): Wire['read'] {
  let isOpen = false;
  return (bytes, answers) => {
    let at = 0;
    for (let end = bytes.indexOf('\r\n\r\n'); end >= 0; end = bytes.indexOf('\r\n\r\n', at)) {
      const status = bytes.toString('latin1', at + 9, at + 12);
      if (status !== '204') throw new Error(bytes.toString('latin1', at, end));
      at = end + 4;
      if (isOpen) answers.ackedOne();
      else answers.opened();
      isOpen = true;
    }
    return at;
  };
}
