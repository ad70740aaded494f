import { connect } from 'node:net';
import { workerData } from 'node:worker_threads';
import { yieldToOthers } from '../../gateway/store/threads/priority.js';
import { maskedFrame, opcodes, openWireClient } from './wireClient.js';

/** One kind of abuse after another, as fast as it goes, until this worker is ended. */
interface AbuserData {
  port: number;
  /** The header of a device that is let in. */
  authorization: string;
  attack: string;
}

// Who attacks has processors of its own: what this needs is not to be missing where it is measured.
yieldToOthers(19);
const { port, authorization, attack } = workerData as AbuserData;
const wrong = `Authorization: Basic ${Buffer.from(`bad:tgd_${'A'.repeat(43)}`).toString('base64')}`;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function again(one: () => Promise<void>, atOnce = 1): Promise<void> {
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (;;) await one();
    }),
  );
}

/** As a device that is let in, until it is closed. */
async function abuse(frames: Buffer, times: number): Promise<void> {
  const client = await openWireClient(port, [authorization]);
  let ended = false;
  client.socket.on('close', () => {
    ended = true;
  });
  for (let n = 0; n < times && !ended; n++) {
    client.raw(frames);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await client.untilEnd();
  await pause(5);
}

const many = (count: number, frame: (n: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, n) => frame(n)));
const pings = many(500, () => maskedFrame(Buffer.alloc(0), opcodes.ping));
const overrun = many(500, (n) => maskedFrame(Buffer.from(`{"seq":${n + 1},"values":{"a":${n}}}`), opcodes.text));
const questions = many(5_000, () => maskedFrame(Buffer.from('{"type":"time","echo":1}'), opcodes.text));

const attacks: Record<string, () => Promise<void>> = {
  upgrades: () =>
    again(async () => {
      (await openWireClient(port, [wrong])).end();
    }, 32),
  async loris() {
    const sockets = Array.from({ length: 1_000 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    for (;;) {
      for (const socket of sockets) socket.write('G');
      await pause(50);
    }
  },
  pings: () => again(() => abuse(pings, 100)),
  overrun: () => again(() => abuse(overrun, 1)),
  deaf: () =>
    again(async () => {
      const client = await openWireClient(port, [authorization]);
      client.socket.pause();
      for (let n = 0; n < 20; n++) {
        client.raw(questions);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await pause(20);
      client.end();
    }),
};

await attacks[attack]();
