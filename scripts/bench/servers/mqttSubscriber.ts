import { connect } from 'node:net';
import { connectPacket, packetAt, packetTypes, pubackPacket, subscribePacket } from '../load/mqttPackets.js';
import { openBatchedStore } from './batchedStore.js';

/** Receives every frame from the broker, stores it, and sends PUBACK when it is on disk. */
const store = openBatchedStore(process.argv[2]);
const socket = connect(Number(process.argv[3]), '127.0.0.1');
let rest = Buffer.alloc(0);
let pubacks: Buffer[] = [];

function puback(id: number): void {
  if (pubacks.length === 0)
    setImmediate(() => {
      socket.write(Buffer.concat(pubacks));
      pubacks = [];
    });
  pubacks.push(pubackPacket(id));
}

function takePublish(bytes: Buffer, from: number, to: number): void {
  const topicBytes = bytes.readUInt16BE(from);
  const idAt = from + 2 + topicBytes;
  const id = bytes.readUInt16BE(idAt);
  const device = bytes.toString('latin1', from + 2, idAt).split('/')[1];
  store.add(device, Buffer.from(bytes.subarray(idAt + 2, to)), () => puback(id));
}

socket.setNoDelay(true);
socket.write(connectPacket('store', false));
socket.on('error', (error) => {
  throw error;
});
socket.on('data', (chunk) => {
  const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
  let at = 0;
  for (let packet = packetAt(bytes, at); packet !== null; packet = packetAt(bytes, at)) {
    if (packet.type === packetTypes.connack) socket.write(subscribePacket('d/#'));
    else if (packet.type === packetTypes.suback) console.log('subscribed');
    else if (packet.type === packetTypes.publish) takePublish(bytes, packet.from, packet.to);
    at = packet.to;
  }
  rest = bytes.subarray(at);
});
