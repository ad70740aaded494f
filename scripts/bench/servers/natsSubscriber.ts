import { connect } from 'node:net';
import { readNats } from '../load/natsWire.js';
import { openBatchedStore } from './batchedStore.js';

/** Creates the stream and a durable consumer, stores every frame, and acknowledges the last frame of each commit (ack policy "all"). */
const store = openBatchedStore(process.argv[2]);
const socket = connect(Number(process.argv[3]), '127.0.0.1');
const inbox = '_INBOX.store';
const requests = [
  ['$JS.API.STREAM.CREATE.BENCH', { name: 'BENCH', subjects: ['d.*'], storage: 'file', retention: 'limits' }],
  [
    '$JS.API.CONSUMER.DURABLE.CREATE.BENCH.store',
    {
      stream_name: 'BENCH',
      config: { durable_name: 'store', deliver_subject: 'deliver.store', ack_policy: 'all', max_ack_pending: 50_000 },
    },
  ],
] as const;
let asked = 0;
let rest = Buffer.alloc(0);
let lastReply = '';

function ask(): void {
  const [subject, body] = requests[asked++];
  const text = JSON.stringify(body);
  socket.write(`PUB ${subject} ${inbox} ${Buffer.byteLength(text)}\r\n${text}\r\n`);
}

function takeAnswer(text: string): void {
  if (text.includes('"error"')) throw new Error(text);
  if (asked < requests.length) ask();
  else console.log('subscribed');
}

/** Acknowledges only the last frame of one turn of the event loop, which also acknowledges all frames before it. */
function acknowledge(reply: string): void {
  if (lastReply === '')
    setImmediate(() => {
      socket.write(`PUB ${lastReply} 4\r\n+ACK\r\n`);
      lastReply = '';
    });
  lastReply = reply;
}

socket.setNoDelay(true);
socket.write(
  `CONNECT {"verbose":false,"pedantic":false,"lang":"bench","version":"1"}\r\nSUB ${inbox} 1\r\nSUB deliver.store 2\r\n`,
);
ask();
socket.on('error', (error) => {
  throw error;
});
socket.on('data', (chunk) => {
  const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
  const read = readNats(bytes, {
    pong() {},
    ping: () => socket.write('PONG\r\n'),
    message(subject, reply, from, to) {
      if (subject === inbox) takeAnswer(bytes.toString('utf8', from, to));
      else store.add(subject.slice(2), Buffer.from(bytes.subarray(from, to)), () => acknowledge(reply));
    },
  });
  rest = bytes.subarray(read);
});
