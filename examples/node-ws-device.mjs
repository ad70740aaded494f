// A device in Node.js with nothing but a WebSocket: the protocol on one page. It keeps no buffer and does not reconnect;
// examples/node-device.mjs does both.
//
//     node examples/node-ws-device.mjs ws://127.0.0.1:8080/v1/device boiler-7 tgd_... [READINGS]
//
// It sends a reading per second, and carries out the command set_interval. With READINGS it ends when that many are on disk.
import WebSocket from 'ws';

const [url, id, secret, readings = 'Infinity'] = process.argv.slice(2);
if (secret === undefined) {
  console.error('node node-ws-device.mjs URL ID SECRET [READINGS]');
  process.exit(64);
}
const ws = new WebSocket(`${url}?stream=main`, ['tidegate.v1.json'], { auth: `${id}:${secret}` });
const say = (message) => ws.send(JSON.stringify(message));
const outcomes = new Map(); // What became of a command, by its id: a command that comes again is answered, and not run again.
let seq;
let last;
let timer;

function measure() {
  if (seq < last) say({ seq: (seq += 1), ts: Date.now(), values: { temperature: 20 + Math.random() } });
}

function every(seconds) {
  clearInterval(timer);
  timer = setInterval(measure, seconds * 1000);
}

function run({ name, params }) {
  if (name !== 'set_interval') return { state: 'rejected', error: { code: 'unknown_command' } };
  every(params.seconds);
  console.log(`the interval is ${params.seconds} s`);
  return { state: 'succeeded', result: { seconds: params.seconds } };
}

ws.on('message', (data) => {
  const message = JSON.parse(data);
  if (message.type === 'welcome') {
    seq = message.lastSeq; // Numbering continues after the last frame that the gateway has.
    last = seq + Number(readings);
    every(1);
    measure();
  }
  if (message.type === 'ack') {
    console.log(`frame ${message.seq} is on disk`);
    if (message.seq >= last) ws.close(1000);
  }
  if (message.type === 'nack') console.log(`frame ${message.seq} was refused: ${message.code} ${message.message}`);
  if (message.type === 'command') {
    if (!outcomes.has(message.id)) outcomes.set(message.id, run(message));
    say({ type: 'command_update', id: message.id, ...outcomes.get(message.id) });
  }
});
ws.on('unexpected-response', (request, answer) => {
  console.error(`the gateway refused the link: HTTP ${answer.statusCode}`);
  request.destroy();
  process.exitCode = 1;
});
ws.on('error', (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
ws.on('close', (code) => {
  clearInterval(timer);
  console.log(`the link is closed: ${code}`);
});
process.once('SIGINT', () => ws.close(1000));
