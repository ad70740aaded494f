import { openPort } from '../../../gateway/net/uws.js';

/** uWebSockets.js alone: it answers each frame without reading or storing it. */
const answer = new Uint8Array(8);
const { port } = await openPort(undefined, '127.0.0.1', 0, (app) => {
  app.ws('/*', { maxPayloadLength: 65_536, idleTimeout: 0, message: (ws) => void ws.send(answer, true) });
});
console.log(port);
