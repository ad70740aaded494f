import { join } from 'node:path';
import Database from 'better-sqlite3';
import { WebSocketServer } from 'ws';

/** The straightforward server: `ws`, one INSERT per reading, one transaction per message, synchronous=FULL. */
const db = new Database(join(process.argv[2], 'naive.db'));
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.exec('CREATE TABLE readings (device TEXT NOT NULL, metric TEXT NOT NULL, ts INTEGER NOT NULL, value REAL)');
const insert = db.prepare('INSERT INTO readings (device, metric, ts, value) VALUES (?, ?, ?, ?)');
const store = db.transaction((device: string, frame: Buffer) => {
  const base = Number(frame.readBigInt64LE(8));
  const rows = frame.readUInt16LE(16);
  for (let row = 0; row < rows; row++)
    insert.run(device, 'temperature', base + frame.readUInt32LE(24 + 8 * row), frame.readFloatLE(28 + 8 * row));
});

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
let devices = 0;
server.on('connection', (socket) => {
  const device = `bench-${devices++}`;
  socket.on('message', (data) => {
    store(device, data as Buffer);
    socket.send(new Uint8Array(8));
  });
});
server.on('listening', () => console.log((server.address() as { port: number }).port));
