import { connect, type Socket } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import { maskedFrame, opcodes } from '../faults/wireClient.js';

/**
 * Load by bare sockets: frames are encoded once, and only seq and time are written into them before they are sent, many
 * in one write. It runs in a worker of the bench's own process, apart from the server under test.
 */
export interface GeneratorData {
  port: number;
  path: string;
  /** Of each link: further header lines of its upgrade. */
  headers: string[][];
  /** Text sent on each link after its welcome; null: nothing. */
  opening: string | null;
  frame: 'binary' | 'json';
  /** Readings in a binary frame. */
  readings: number;
  /** Unacknowledged frames a link may have. */
  window: number;
  /** Open loop: frames a second over all links; 0: as many as the window lets go. */
  framesPerSecond: number;
  warmupMs: number;
  runMs: number;
  /** Unix ms of the first reading; the others follow a millisecond apart. */
  firstAt: number;
  /** How the server answers: acks of the contract (binary or JSON), or one message a frame. */
  answers: 'cumulative' | 'each';
}

export interface GeneratorResult {
  frames: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
  cpuSeconds: number;
}

interface Link {
  socket: Socket;
  seq: number;
  acked: number;
  sentAt: Float64Array;
  rest: Buffer;
  open: boolean;
}

const data = workerData as GeneratorData;
const latency = createHistogram();
let measuring = false;
let frames = 0;
/** A time of its own for every reading that is ever sent: repeats would not be stored. */
let nextMs = data.firstAt;

/** Binary: header of the WebSocket frame, telemetry header of one f32 column, rows one ms apart. */
function binaryTemplate(): Buffer {
  const payload = Buffer.alloc(24 + 8 * data.readings);
  payload.set([1, 1, 1, 1]);
  payload.writeUInt16LE(data.readings, 16);
  for (let row = 0; row < data.readings; row++) {
    payload.writeUInt32LE(row, 24 + 8 * row);
    payload.writeFloatLE(20 + row / 8, 28 + 8 * row);
  }
  return maskedFrame(payload, opcodes.binary);
}

const template = binaryTemplate();
const header = template.length - (24 + 8 * data.readings);

function writeFrame(link: Link): Buffer {
  link.seq++;
  link.sentAt[link.seq % data.window] = performance.now();
  const base = nextMs;
  nextMs += data.readings;
  if (data.frame === 'json') {
    const text = `{"seq":${link.seq},"ts":${base},"values":{"temperature":21.5,"humidity":48.25,"pressure":1013.25,"battery":87,"voltage":3.71}}`;
    return maskedFrame(Buffer.from(text), opcodes.text);
  }
  const frame = Buffer.from(template);
  frame.writeUInt32LE(link.seq, header + 4);
  frame.writeUInt32LE(base % 0x1_0000_0000, header + 8);
  frame.writeUInt32LE(Math.floor(base / 0x1_0000_0000), header + 12);
  return frame;
}

/** Fills the window, in one write. */
function pump(link: Link, most: number): number {
  const count = Math.min(most, data.window - (link.seq - link.acked));
  if (count <= 0 || !link.open) return 0;
  const chunks: Buffer[] = [];
  for (let i = 0; i < count; i++) chunks.push(writeFrame(link));
  link.socket.write(count === 1 ? chunks[0] : Buffer.concat(chunks));
  return count;
}

function acknowledged(link: Link, seq: number): void {
  if (measuring) {
    const now = performance.now();
    for (let one = link.acked + 1; one <= seq; one++)
      latency.record(Math.max(1, Math.round((now - link.sentAt[one % data.window]) * 1000)));
    frames += seq - link.acked;
  }
  link.acked = seq;
}

function receive(link: Link, chunk: Buffer, opened: () => void): void {
  link.rest = link.rest.length === 0 ? chunk : Buffer.concat([link.rest, chunk]);
  if (!link.open) {
    const end = link.rest.indexOf('\r\n\r\n');
    if (end < 0) return;
    if (!link.rest.toString('latin1', 0, 12).endsWith('101')) throw new Error(link.rest.toString('latin1'));
    link.rest = link.rest.subarray(end + 4);
    link.open = true;
    if (data.opening !== null) link.socket.write(maskedFrame(Buffer.from(data.opening), opcodes.text));
    opened();
  }
  const before = link.acked;
  let at = 0;
  const { rest } = link;
  while (rest.length - at >= 2) {
    const length = rest[at + 1];
    if (length === 126 ? rest.length - at < 4 : rest.length - at < 2 + length) break;
    const long = length === 126;
    const bytes = long ? rest.readUInt16BE(at + 2) : length;
    const start = at + (long ? 4 : 2);
    if (rest.length < start + bytes) break;
    takeMessage(link, rest, rest[at] & 0x0f, start, bytes);
    at = start + bytes;
  }
  link.rest = rest.subarray(at);
  if (link.acked > before && data.framesPerSecond === 0) pump(link, data.window);
}

function takeMessage(link: Link, rest: Buffer, opcode: number, start: number, bytes: number): void {
  if (opcode === opcodes.close)
    throw new Error(`closed: ${rest.readUInt16BE(start)} ${rest.toString('utf8', start + 2, start + bytes)}`);
  if (data.answers === 'each') return acknowledged(link, link.acked + 1);
  if (opcode === opcodes.binary && rest[start + 1] === 0x84) return obey(link, rest.subarray(start + 4, start + 20));
  if (opcode === opcodes.binary && rest[start + 1] === 0x82) acknowledged(link, rest.readUInt32LE(start + 4));
  else if (opcode === opcodes.binary && rest[start + 1] === 0x83)
    throw new Error(`nack ${rest.readUInt16LE(start + 2)} ${rest.toString('utf8', start + 8, start + bytes)}`);
  else if (opcode === opcodes.text) {
    const message = JSON.parse(rest.toString('utf8', start, start + bytes)) as { type: string; seq: number };
    if (message.type === 'ack') acknowledged(link, message.seq);
    else if (message.type === 'nack') throw new Error(JSON.stringify(message));
  }
}

/** Says that the command of this id came, and that it is done. */
function obey(link: Link, id: Buffer): void {
  for (const state of [1, 3]) link.socket.write(maskedFrame(Buffer.from([1, 2, state, 0, ...id]), opcodes.binary));
}

function openLink(headers: string[]): Promise<Link> {
  return new Promise((resolve, reject) => {
    const socket = connect(data.port, '127.0.0.1');
    socket.setNoDelay(true);
    const link: Link = {
      socket,
      seq: 0,
      acked: 0,
      sentAt: new Float64Array(data.window),
      rest: Buffer.alloc(0),
      open: false,
    };
    socket.on('error', reject);
    socket.on('data', (chunk) => receive(link, chunk, () => resolve(link)));
    const lines = [
      `GET ${data.path} HTTP/1.1`,
      'Host: 127.0.0.1',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  });
}

/** Frames due at a steady rate, spread over the links, whether acks come or not. */
function paced(links: Link[]): NodeJS.Timeout {
  const start = performance.now();
  let sent = 0;
  let turn = 0;
  return setInterval(() => {
    const due = Math.floor(((performance.now() - start) / 1000) * data.framesPerSecond);
    for (; sent < due; sent++) pump(links[turn++ % links.length], 1);
  }, 1);
}

async function run(): Promise<GeneratorResult> {
  const links: Link[] = [];
  for (let at = 0; at < data.headers.length; at += 100)
    links.push(...(await Promise.all(data.headers.slice(at, at + 100).map(openLink))));
  const timer = data.framesPerSecond > 0 ? paced(links) : null;
  if (timer === null) for (const link of links) pump(link, data.window);
  await new Promise((resolve) => setTimeout(resolve, data.warmupMs));
  measuring = true;
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  parentPort?.postMessage('measuring');
  await new Promise((resolve) => setTimeout(resolve, data.runMs));
  measuring = false;
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  parentPort?.postMessage('measured');
  if (timer !== null) clearInterval(timer);
  for (const { socket } of links) socket.destroy();
  const ms = (percent: number): number => (latency.count === 0 ? 0 : latency.percentile(percent) / 1000);
  return { frames, seconds, p50Ms: ms(50), p99Ms: ms(99), cpuSeconds: (cpu.user + cpu.system) / 1e6 };
}

parentPort?.postMessage(await run());
