import { connect } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { tableOf } from '../../../cli/terminal/output.js';
import { postHead } from '../load/httpWire.js';
import { payloadTemplate, stamp } from '../load/wire.js';
import type { PartOptions } from '../part.js';
import { startHttp } from '../servers/peers.js';
import { startGateway } from '../servers/servers.js';
import { fsyncP50Ms } from '../table/fsync.js';
import { machineOf } from '../table/machine.js';
import type { Row } from '../table/measure.js';
import { against } from '../table/rows.js';

const framesPerSecond = 50;
const load = { framesPerSecond, readings: 1 };

type Way = Pick<Row, 'name' | 'p50Ms' | 'p99Ms' | 'wireBytesPerReading'>;

/** Measures one device that sends one reading per message: over a link, and by one POST per reading. */
export async function lighter({ seconds, json }: PartOptions): Promise<void> {
  const options = { seconds, links: 1 };
  const fsyncMs = fsyncP50Ms();
  const ways: Way[] = [
    await against(await startGateway(1, 'binary'), 'one WebSocket link to the gateway', 'fsynced', load, options, 1),
    await against(await startHttp(1), 'POST with keep-alive', 'fsynced', { ...load, window: 1 }, options, 1),
    await postEach(seconds),
  ];
  const machine = `${machineOf(fsyncMs)}; measured over the loopback, so without the round trips of a network`;
  if (json) return console.log(JSON.stringify({ machine, framesPerSecond, ways }, null, 2));
  const rows = ways.map(({ name, p50Ms, p99Ms, wireBytesPerReading }) => [
    name,
    ...[p50Ms, p99Ms, wireBytesPerReading].map((value) => (value ?? 0).toFixed(1)),
    `${((wireBytesPerReading ?? 0) / (ways[0].wireBytesPerReading ?? 1)).toFixed(1)} ×`,
  ]);
  console.log(tableOf(['ONE READING PER MESSAGE, FSYNCED', 'P50 MS', 'P99 MS', 'B WIRE', 'VS LINK'], rows));
  console.log(`\none device, ${framesPerSecond} messages/s; ${machine}`);
}

/** One connection per POST, as used by devices that wake up, send and sleep. */
async function postEach(seconds: number): Promise<Way> {
  const server = await startHttp(1);
  const latency = createHistogram();
  let bytes = 0;
  const posts: Promise<void>[] = [];
  const start = performance.now();
  for (let n = 0; n < seconds * framesPerSecond; n++) {
    const dueAt = start + (1000 * n) / framesPerSecond;
    await new Promise((resolve) => setTimeout(resolve, dueAt - performance.now()));
    posts.push(
      post(server.port, n).then((sent) => {
        bytes += sent;
        latency.record(Math.max(1, Math.round(1000 * (performance.now() - dueAt))));
      }),
    );
  }
  await Promise.all(posts);
  await server.stop();
  return {
    name: 'POST with a new connection per request',
    p50Ms: latency.percentile(50) / 1000,
    p99Ms: latency.percentile(99) / 1000,
    wireBytesPerReading: bytes / posts.length,
  };
}

/** Resolves with the bytes of both directions when the answer has arrived. */
function post(port: number, n: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const payload = payloadTemplate(1);
    stamp(payload, 0, n + 1, Date.now());
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    socket.write(Buffer.concat([Buffer.from(postHead(0, payload.length, 'close')), payload]));
    socket.once('data', (answer) => {
      if (!answer.toString('latin1').startsWith('HTTP/1.1 204')) return reject(new Error(answer.toString('latin1')));
      resolve(socket.bytesRead + socket.bytesWritten);
      socket.end();
    });
    socket.once('error', reject);
  });
}
