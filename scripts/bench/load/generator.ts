/**
 * The load generator, which runs in a worker. load/ has what sends frames: the generator, the swarm of idle links, and one wire per protocol.
 * Nothing in it knows which server it talks to, and nothing in it reports.
 */
import { connect, type Socket } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import { httpWire } from './httpWire.js';
import { mqttWire } from './mqttWire.js';
import { natsWire } from './natsWire.js';
import { webSocketWire } from './webSocketWire.js';
import type { CreateWire, GeneratorData, Protocol, Wire } from './wire.js';

const wires: Record<Protocol, CreateWire> = {
  websocket: webSocketWire,
  http: httpWire,
  mqtt: mqttWire,
  nats: natsWire,
};

export interface GeneratorResult {
  /** How many frames were acknowledged in the measured time. */
  frames: number;
  /** The measured time. */
  seconds: number;
  /** Ack latency. */
  p50Ms: number;
  p99Ms: number;
  /** The generator's own CPU time. */
  cpuSeconds: number;
  /** Over all connections, without the headers of TCP and IP. */
  bytesSent: number;
  bytesReceived: number;
}

interface Link {
  socket: Socket;
  wire: Wire;
  seq: number;
  acked: number;
  /** When each frame of the window was sent or, at a steady rate, when it was due. */
  dueAt: Float64Array;
  rest: Buffer;
  open: boolean;
}

const data = workerData as GeneratorData;

const latency = createHistogram();

let measuring = false;

let frames = 0;

/** The time of the next reading. Each reading has a time of its own, because a gateway does not store repeats. */
let nextMs = data.firstAt;

function writeFrame(link: Link, dueAt: number): Buffer {
  link.seq++;
  link.dueAt[link.seq % data.window] = dueAt;
  const base = nextMs;
  nextMs += data.readings;
  return link.wire.encode(link.seq, base);
}

/** Sends as many frames as the window allows, at most `most`, in one write. Returns how many. */
function pump(link: Link, most: number, dueAt = performance.now()): number {
  const count = Math.min(most, data.window - (link.seq - link.acked));
  if (count <= 0 || !link.open) return 0;
  const chunks: Buffer[] = [];
  for (let i = 0; i < count; i++) chunks.push(writeFrame(link, dueAt));
  link.socket.write(count === 1 ? chunks[0] : Buffer.concat(chunks));
  return count;
}

function acknowledged(link: Link, seq: number): void {
  if (measuring) {
    const now = performance.now();
    for (let frame = link.acked + 1; frame <= seq; frame++)
      latency.record(Math.max(1, Math.round((now - link.dueAt[frame % data.window]) * 1000)));
    frames += seq - link.acked;
  }
  link.acked = seq;
}

function receive(link: Link, chunk: Buffer, opened: () => void): void {
  const bytes = link.rest.length === 0 ? chunk : Buffer.concat([link.rest, chunk]);
  const before = link.acked;
  const read = link.wire.read(bytes, {
    opened() {
      link.open = true;
      if (link.wire.opening !== null) link.socket.write(link.wire.opening);
      opened();
    },
    ackedThrough: (seq) => acknowledged(link, seq),
    ackedOne: () => acknowledged(link, link.acked + 1),
    reply: (message) => void link.socket.write(message),
  });
  link.rest = bytes.subarray(read);
  if (link.acked > before && data.framesPerSecond === 0) pump(link, data.window);
}

function openLink(index: number): Promise<Link> {
  return new Promise((resolve, reject) => {
    const socket = connect(data.port, '127.0.0.1');
    socket.setNoDelay(true);
    const link: Link = {
      socket,
      wire: wires[data.protocol](data, index),
      seq: 0,
      acked: 0,
      dueAt: new Float64Array(data.window),
      rest: Buffer.alloc(0),
      open: false,
    };
    socket.on('error', reject);
    socket.on('data', (chunk) => receive(link, chunk, () => resolve(link)));
    socket.write(link.wire.greeting);
  });
}

/** Sends frames at a steady rate, spread over the links, whether acks come or not. A frame that is due while its link's window is full is skipped. */
function paced(links: Link[]): NodeJS.Timeout {
  const start = performance.now();
  let sent = 0;
  let turn = 0;
  return setInterval(
    () => {
      const due = 1 + Math.floor(((performance.now() - start) / 1000) * data.framesPerSecond);
      for (; sent < due; sent++) pump(links[turn++ % links.length], 1, start + (1000 * sent) / data.framesPerSecond);
    },
    Math.min(50, 50 / data.framesPerSecond),
  );
}

async function run(): Promise<GeneratorResult> {
  const links: Link[] = [];
  for (let at = 0; at < data.headers.length; at += 100)
    links.push(...(await Promise.all(data.headers.slice(at, at + 100).map((_, i) => openLink(at + i)))));
  const timer = data.framesPerSecond > 0 ? paced(links) : null;
  if (timer === null) for (const link of links) pump(link, data.window);
  await new Promise((resolve) => setTimeout(resolve, data.warmupMs));
  measuring = true;
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  const bytesBefore = bytesOf(links);
  parentPort?.postMessage('measuring');
  await new Promise((resolve) => setTimeout(resolve, data.runMs));
  measuring = false;
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  const bytes = bytesOf(links);
  parentPort?.postMessage('measured');
  if (timer !== null) clearInterval(timer);
  for (const { socket } of links) socket.destroy();
  const ms = (percent: number): number => (latency.count === 0 ? 0 : latency.percentile(percent) / 1000);
  return {
    frames,
    seconds,
    p50Ms: ms(50),
    p99Ms: ms(99),
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    bytesSent: bytes.sent - bytesBefore.sent,
    bytesReceived: bytes.received - bytesBefore.received,
  };
}

function bytesOf(links: Link[]): { sent: number; received: number } {
  return {
    sent: links.reduce((sum, { socket }) => sum + socket.bytesWritten, 0),
    received: links.reduce((sum, { socket }) => sum + socket.bytesRead, 0),
  };
}

parentPort?.postMessage(await run());
