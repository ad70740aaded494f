import { pass } from '../players/waiting.js';
import { listOf, reading, readings } from '../stage/readings.js';
import type { PeerSituation } from '../stage/stage.js';

const quietMs = 1_000;

export const windowSituations: PeerSituation[] = [
  {
    name: 'no more frames in flight than the window',
    rules: ['W-1'],
    async run({ start, peer, again, check }) {
      const client = start();
      client.send(readings(1, 6));
      const link = await peer.link('W-1');
      link.welcome(0, 2);
      const first = await link.frames('W-1', 2);
      await pass(quietMs);
      const more = link.framesLeft();
      check('W-1', more.length === 0, `with a window of 2 it sent ${listOf([...first, ...more])}`);
      link.ack(1);
      await link.frames('W-1', 1);
      link.cut();
      const second = await again('W-1', client);
      second.welcome(1, 3);
      await second.frames('W-1', 3);
      await pass(quietMs);
      const again3 = second.framesLeft();
      check('W-1', again3.length === 0, `with a window of 3 after a reconnect it sent ${listOf(again3)} more`);
    },
  },
  {
    name: 'an ack covers every frame before it',
    rules: ['W-2'],
    async run({ begun, again, check }) {
      const { client, link } = await begun('W-2', 4);
      link.ack(3);
      await client.acked('W-2', 3);
      link.cut();
      const second = await again('W-2', client);
      second.welcome(3);
      const said = listOf(await second.frames('W-2', 1));
      check('W-2', said === '4=r4', `after ack 3 it sent ${said}`);
    },
  },
  {
    name: 'an ack with a larger window',
    rules: ['W-8'],
    async run({ start, peer, check }) {
      const client = start();
      client.send(readings(1, 6));
      const link = await peer.link('W-8');
      link.welcome(0, 1);
      await link.frames('W-8', 1);
      link.ack(1, 3);
      await link.frames('W-8', 3);
      await pass(quietMs);
      check('W-8', link.framesLeft().length === 0, `with a window of 3 it sent ${listOf(link.framesLeft())} more`);
      link.ack(4);
      check('W-8', listOf(await link.frames('W-8', 2)) === '5=r5 6=r6', 'an ack without a window changed the window');
    },
  },
  {
    name: 'an ack with a smaller window',
    rules: ['W-8', 'W-1'],
    async run({ start, peer, check }) {
      const client = start();
      client.send(readings(1, 7));
      const link = await peer.link('W-8');
      link.welcome(0, 4);
      await link.frames('W-8', 4);
      link.ack(2, 1);
      await pass(quietMs);
      const more = listOf(link.framesLeft());
      check('W-1', more === '', `with two unacknowledged and a window of 1 it sent ${more}`);
      link.ack(4);
      check('W-8', listOf(await link.frames('W-8', 1)) === '5=r5', 'it did not continue with frame 5');
    },
  },
  {
    name: 'a nacked frame is never sent again',
    rules: ['W-3', 'W-11', 'W-12', 'N-18'],
    async run({ begun, again, check }) {
      const { client, link } = await begun('W-3', 3);
      // The mark does not move over a seq_invalid: the device alone knows that frame 2 was refused.
      link.nack(2, 'seq_invalid');
      const { seq, code } = await client.event('W-3', 'nacked');
      check('W-3', seq === 2 && code === 'seq_invalid', `it reported nack ${seq} ${code}; it was sent 2 seq_invalid`);
      link.nack(3, 'fault_99');
      const unknown = await client.event('W-12', 'nacked');
      check('W-12', unknown.seq === 3, `after a nack of 3 with an unknown code it reported ${unknown.seq}`);
      await pass(quietMs);
      check('W-3', link.framesLeft().length === 0, `after nacks of 2 and 3 it sent ${listOf(link.framesLeft())}`);
      link.cut();
      const second = await again('W-3', client);
      client.send([reading(4)]);
      second.welcome(0);
      const said = listOf(await second.frames('W-3', 2));
      const after = `after nacks of 2 and 3, and a reconnect, it sent ${said}`;
      check('W-11', !said.includes('r2') && !said.includes('r3'), after);
      check('N-18', !/\b[23]=/.test(said), after);
      check('W-3', said === '1=r1 4=r4', after);
    },
  },
  {
    name: 'nacks free the window',
    rules: ['W-9'],
    async run({ start, peer, check }) {
      const client = start();
      client.send(readings(1, 4));
      const link = await peer.link('W-9');
      link.welcome(0, 2);
      await link.frames('W-9', 2);
      link.nack(1);
      link.nack(2);
      const said = listOf(await link.frames('W-9', 2));
      check('W-9', said === '3=r3 4=r4', `with a window of 2, after nacks of both frames, it sent ${said}`);
    },
  },
  {
    name: 'an ack above a nacked frame',
    rules: ['W-2', 'W-3'],
    async run({ start, peer, check }) {
      const client = start();
      client.send(readings(1, 5));
      const link = await peer.link('W-3');
      link.welcome(0, 3);
      await link.frames('W-3', 3);
      link.nack(2);
      link.nack(3);
      await client.event('W-3', 'nacked', ({ seq }) => seq === 3);
      link.ack(3);
      const said = listOf(await link.frames('W-2', 2));
      check('W-2', said === '4=r4 5=r5', `after nacks of 2 and 3 and ack 3 it sent ${said}`);
      const stored = client.all('acked').filter(({ seq }) => seq === 2);
      check('W-3', stored.length === 0, 'it reported a nacked frame as stored');
    },
  },
];
