#!/usr/bin/env bash
# Library:  ws 8.23.0 (npm), as a server with its defaults; Node 20.20.
# Input:    a valid link whose client sends 61 pings in one write, as a device does whose queue was held up by a slow network.
# Guess:    61 pongs. RFC 6455 section 5.5.3 lets an endpoint answer only the newest ping, so one pong would do as well.
# Seen:     the server cuts the connection at the 61st ping: 60 pongs, no Close frame (the client sees 1006). 60 pings get 60 pongs, and the
#           link stays. The pongs count as pending until the event loop has written them, so the limit (maxPendingAutoPongs, 60) is one on
#           pings per read and not per time. The application has heard of all 61 pings, but cannot close the link with a reason any more.
# What we do: autoPong is off, and the gateway answers pings itself and closes a flood with a code.
set -euo pipefail
folder=$(mktemp -d "${TMPDIR:-/tmp}/finding-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ws@8.23.0
cat >try.mjs <<'JS'
import { connect } from 'node:net';
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
await new Promise((resolve) => server.on('listening', resolve));
let heard = 0;
server.on('connection', (ws) => ws.on('ping', () => heard++).on('error', () => {}));

/** Opens a link, sends that many empty pings in one write, and counts what comes back before the end or the last pong. */
function burst(pings) {
  return new Promise((resolve) => {
    heard = 0;
    const socket = connect(server.address().port, '127.0.0.1');
    socket.on('error', () => {});
    const lines = ['GET / HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
    socket.write([...lines, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '', ''].join('\r\n'));
    let bytes = Buffer.alloc(0);
    let upgraded = false;
    const pongs = () => bytes.length / 2;
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (!upgraded) {
        const end = bytes.indexOf('\r\n\r\n');
        if (end < 0) return;
        upgraded = true;
        bytes = bytes.subarray(end + 4);
        socket.write(Buffer.concat(Array.from({ length: pings }, () => Buffer.from([0x89, 0x80, 0, 0, 0, 0]))));
      } else if (pongs() === pings) {
        socket.destroy();
        resolve(`${pings} pings: ${pongs()} pongs, the link stays, ${heard} heard`);
      }
    });
    socket.on('close', () => resolve(`${pings} pings: ${pongs()} pongs, cut without a Close frame, ${heard} heard`));
  });
}

console.log(await burst(60));
console.log(await burst(61));
process.exit();
JS
node try.mjs | tee seen
diff seen - <<'SEEN'
60 pings: 60 pongs, the link stays, 60 heard
61 pings: 60 pongs, cut without a Close frame, 61 heard
SEEN
