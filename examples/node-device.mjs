// A device in Node.js, with the client of this package. It loses no reading: each is kept until the gateway has it on disk.
//
//     node examples/node-device.mjs ws://127.0.0.1:8080/v1/device boiler-7 tgd_... [READINGS]
//
// It sends a reading per second, and carries out the command set_interval. With READINGS it ends when that many are on disk.
import { connectDevice } from 'tidegate/client';
import WebSocket from 'ws';

const [url, id, secret, readings = 'Infinity'] = process.argv.slice(2);
if (secret === undefined) {
  console.error('node node-device.mjs URL ID SECRET [READINGS]');
  process.exit(64);
}

let seconds = 1;
let timer;

const device = await connectDevice({
  url,
  id,
  secret,
  stream: 'main',
  WebSocket, // Node 22 and newer have one of their own: then leave this out.
  hello: { agent: 'node-device', expectEveryMs: 10_000 },
  commands: {
    set_interval: {
      idempotent: true, // Running it twice does no harm.
      run(params) {
        seconds = params.seconds;
        restart();
        console.log(`the interval is ${seconds} s`);
        return { seconds };
      },
    },
  },
  event(e) {
    if (e.event === 'acked') console.log(`frame ${e.seq} is on disk`);
    if (e.event === 'nacked') console.log(`frame ${e.seq} was refused: ${e.code} ${e.message}`);
    if (e.event === 'refused') console.log(`the gateway refused the link: HTTP ${e.status}`);
    if (e.event === 'closed') console.log(`the link is closed: ${e.code} ${e.reason}`.trimEnd());
    if (e.event === 'waiting') console.log(`no link; trying again in ${e.ms} ms`);
  },
});

let sent = 0;

function measure() {
  // Put your sensor here.
  device.send({ temperature: 20 + Math.random() }, Date.now());
  sent += 1;
  if (sent >= Number(readings)) finish();
}

function restart() {
  clearInterval(timer);
  if (sent < Number(readings)) timer = setInterval(measure, seconds * 1000);
}

async function finish() {
  clearInterval(timer);
  await device.drained();
  await device.stop();
}

process.once('SIGINT', () => device.stop().then(() => process.exit(0)));
restart();
measure();
