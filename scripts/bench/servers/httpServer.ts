import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openBatchedStore } from './batchedStore.js';

/** Receives one frame per POST and answers when it is on disk. Nagle is off and keep-alive is on, the defaults of node:http. */
const store = openBatchedStore(process.argv[2]);
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const answer = (): void => {
      response.writeHead(204).end();
    };
    const frame = Buffer.concat(chunks);
    // The generator opens its connections with an empty request.
    if (frame.length === 0) answer();
    else store.add((request.url as string).split('/')[3], frame, answer);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', 4_096, () => console.log((server.address() as AddressInfo).port));
