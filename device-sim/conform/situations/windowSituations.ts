import { pass } from '../players/waiting.js';
import { listOf, reading, readings } from '../stage/readings.js';
import type { PeerSituation } from '../stage/stage.js';

const quietMs = 1_000;

export const windowSituations: PeerSituation[] = [
  {
    name: 'no more than the window',
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
    name: 'an ack is of all before it',
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
    rules: ['W-2'],
    async run({ start, peer, check }) {
      const client = start();
      client.send(readings(1, 6));
      const link = await peer.link('W-2');
      link.welcome(0, 1);
      await link.frames('W-2', 1);
      link.ack(1, 3);
      await link.frames('W-2', 3);
      await pass(quietMs);
      check('W-2', link.framesLeft().length === 0, `with a window of 3 it sent ${listOf(link.framesLeft())} more`);
      link.ack(4);
      check('W-2', listOf(await link.frames('W-2', 2)) === '5=r5 6=r6', 'an ack without a window changed it');
    },
  },
  {
    name: 'an ack with a smaller window',
    rules: ['W-2', 'W-1'],
    async run({ start, peer, check }) {
      const client = start();
      client.send(readings(1, 7));
      const link = await peer.link('W-2');
      link.welcome(0, 4);
      await link.frames('W-2', 4);
      link.ack(2, 1);
      await pass(quietMs);
      const more = listOf(link.framesLeft());
      check('W-1', more === '', `with two unacknowledged and a window of 1 it sent ${more}`);
      link.ack(4);
      check('W-2', listOf(await link.frames('W-2', 1)) === '5=r5', 'it did not go on with frame 5');
    },
  },
  {
    name: 'a nacked frame never comes again',
    rules: ['W-3'],
    async run({ begun, again, check }) {
      const { client, link } = await begun('W-3', 3);
      link.nack(2);
      const { seq, code } = await client.event('W-3', 'nacked');
      check('W-3', seq === 2 && code === 'value_invalid', `it told of nack ${seq} ${code}`);
      link.nack(3, 'fault_99');
      await client.event('W-3', 'nacked');
      await pass(quietMs);
      check('W-3', link.framesLeft().length === 0, `after nacks of 2 and 3 it sent ${listOf(link.framesLeft())}`);
      link.cut();
      const second = await again('W-3', client);
      client.send([reading(4)]);
      second.welcome(0);
      const said = listOf(await second.frames('W-3', 2));
      check('W-3', said === '1=r1 4=r4', `after nacks of 2 and 3, and a reconnect, it sent ${said}`);
    },
  },
  {
    name: 'an ack over a nacked frame',
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
      check('W-3', stored.length === 0, 'it took a nacked frame for stored');
    },
  },
];
