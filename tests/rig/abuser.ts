import { connect } from 'node:net';
import { workerData } from 'node:worker_threads';
import { yieldToOthers } from '../../gateway/store/threads/priority.js';
import { maskedFrame, opcodes, openWireClient } from './wireClient.js';

/** A worker that repeats one attack as fast as it can, until it is terminated. */
interface AbuserData {
  /** The gateway's device port. */
  port: number;
  /** The Authorization header of a device that the gateway accepts. */
  authorization: string;
  /** A name in `attacks`. */
  attack: string;
}

// A real attacker has its own processors, so this one must not take CPU time from the gateway that is measured.
yieldToOthers(19);
const { port, authorization, attack } = workerData as AbuserData;
const wrong = `Authorization: Basic ${Buffer.from(`bad:tgd_${'A'.repeat(43)}`).toString('base64')}`;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Repeats an attempt for ever, `atOnce` of them side by side. */
async function repeat(attempt: () => Promise<void>, atOnce = 1): Promise<void> {
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (;;) await attempt();
    }),
  );
}

/** Sends the frames up to `times` times over the link of an accepted device, until the gateway closes it. */
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
    repeat(async () => {
      (await openWireClient(port, [wrong])).end();
    }, 32),
  async loris() {
    const sockets = Array.from({ length: 1_000 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    for (;;) {
      for (const socket of sockets) socket.write('G');
      await pause(50);
    }
  },
  pings: () => repeat(() => abuse(pings, 100)),
  overrun: () => repeat(() => abuse(overrun, 1)),
  deaf: () =>
    repeat(async () => {
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
