import { chooseTransport } from '../../../gateway/transport/choose.js';
import type { Socket, TransportName } from '../../../gateway/transport/transport.js';

/** A transport alone: it answers each frame without reading or storing it. The second argument is the transport's name. */
const answer = new Uint8Array(8);
const { transport } = await chooseTransport(process.argv[3] as TransportName);
const { port } = await transport.open<{ socket: Socket | null }>({
  host: '127.0.0.1',
  port: 0,
  sockets: {
    isPath: () => true,
    messageBytesMax: 65_536,
    queuedBytesMax: 1024 * 1024,
    silenceSeconds: 0,
    pings: false,
    upgrade: () => ({ held: { socket: null }, subprotocol: '' }),
    opened: (held, socket) => {
      held.socket = socket;
    },
    message: (held) => void held.socket?.send(answer),
    closed: () => {},
  },
  request: (_, response) => response.answer({ status: 404, headers: {}, body: null }),
});
console.log(port);
