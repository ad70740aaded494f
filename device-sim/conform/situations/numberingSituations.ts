import { pass } from '../players/waiting.js';
import { listOf, nameOf, reading, readings } from '../stage/readings.js';
import type { PeerSituation } from '../stage/stage.js';

/** Long enough for a wrong message to arrive. */
const quietMs = 1_000;

export const numberingSituations: PeerSituation[] = [
  {
    name: 'numbers go up by one',
    rules: ['N-1'],
    async run({ start, peer, check }) {
      const client = start();
      const link = await peer.link('N-1');
      link.welcome(0);
      client.send(readings(1, 5));
      const said = listOf(await link.frames('N-1', 5));
      check('N-1', said === '1=r1 2=r2 3=r3 4=r4 5=r5', `it sent ${said}`);
    },
  },
  {
    name: 'no numbered frame before the welcome',
    rules: ['N-2'],
    async run({ start, peer, again, check }) {
      const client = start();
      client.send(readings(1, 3));
      for (const link of [await peer.link('N-2'), await cutAndAgain()]) {
        await pass(quietMs);
        const early = link.framesLeft().filter(({ seq }) => seq > 0);
        check('N-2', early.length === 0, `it sent ${listOf(early)} before the welcome`);
      }
      async function cutAndAgain() {
        const [first] = peer.links;
        first.welcome(0);
        await first.frames('N-2', 3);
        first.cut();
        return again('N-2', client);
      }
    },
  },
  {
    name: 'frames up to lastSeq are dropped',
    rules: ['N-3'],
    async run({ begun, again, check }) {
      const { client, link } = await begun('N-3', 3);
      link.cut();
      const second = await again('N-3', client);
      second.welcome(2);
      await client.acked('N-3', 2);
      client.send([reading(4)]);
      const said = listOf(await second.frames('N-3', 2));
      check('N-3', said === '3=r3 4=r4', `after lastSeq 2 it sent ${said}`);
    },
  },
  {
    name: 'without memory, numbering starts after lastSeq',
    rules: ['N-4'],
    async run({ start, peer, check }) {
      const client = start();
      client.send(readings(1, 2));
      const link = await peer.link('N-4');
      link.welcome(16);
      const said = listOf(await link.frames('N-4', 2));
      check('N-4', said === '17=r1 18=r2', `after lastSeq 16 a device without memory sent ${said}`);
      link.ack(18);
      await client.acked('N-4', 18);
    },
  },
  {
    name: 'a lastSeq above every number given drops nothing',
    rules: ['N-14'],
    async run({ begun, again, check }) {
      const { client, link } = await begun('N-14', 2);
      link.cut();
      const second = await again('N-14', client);
      second.welcome(100);
      const said = listOf(await second.frames('N-14', 2));
      check('N-14', said === '101=r1 102=r2', `after lastSeq 100 a device that gave only 1 and 2 sent ${said}`);
    },
  },
  {
    name: 'a frame gets its number when it is first sent',
    rules: ['N-15'],
    async run({ begun, peer, again, check }) {
      const { client, link } = await begun('N-15', 2);
      link.ack(2);
      await client.acked('N-15', 2);
      peer.answer({ kind: 'drop' });
      link.cut();
      await client.event('N-15', 'closed');
      client.send(readings(3, 4));
      peer.answer({ kind: 'take' });
      const second = await again('N-15', client);
      second.welcome(4);
      const said = listOf(await second.frames('N-15', 2));
      check('N-15', said === '5=r3 6=r4', `two unsent frames have no numbers yet, but after lastSeq 4 it sent ${said}`);
    },
  },
  {
    name: 'a stream that the gateway forgot',
    rules: ['N-17'],
    async run({ start, peer, again, check }) {
      const client = start();
      const link = await peer.link('N-17');
      link.welcome(20_000_000);
      client.send(readings(1, 2));
      await link.frames('N-17', 2);
      link.cut();
      const second = await again('N-17', client);
      second.welcome(0);
      const said = listOf(await second.frames('N-17', 2));
      check('N-17', said === '1=r1 2=r2', `after lastSeq 0 a device that was at 20000002 sent ${said}`);
    },
  },
  {
    name: 'a restart with memory',
    rules: ['N-3', 'N-16'],
    async run({ start, begun, peer, check }) {
      const { client: before, link } = await begun('N-16', 3, { memory: 'kept' });
      link.ack(1);
      await before.acked('N-16', 1);
      await before.stop('N-16');
      const after = start({ memory: 'kept' });
      after.send([reading(4)]);
      const second = await peer.link('N-16');
      second.welcome(2);
      const [first] = await second.frames('N-16', 1);
      const name = nameOf(first);
      check('N-16', first.seq === 3, `after lastSeq 2 it started with ${first.seq}`);
      check('N-3', name === 'r3' || name === 'r4', `after lastSeq 2 it sent ${name} first, but r1 and r2 are stored`);
    },
  },
  {
    name: 'a frame that is sent again is the same',
    rules: ['N-5', 'N-13'],
    async run({ begun, again, check }) {
      const { client, link } = await begun('N-5', 3);
      link.cut();
      const second = await again('N-5', client);
      client.send([reading(4)]);
      second.welcome(0);
      const said = listOf(await second.frames('N-5', 4));
      const again4 = '1=r1 2=r2 3=r3 4=r4';
      const sorted = said.split(' ').sort().join(' ');
      check('N-5', sorted === again4, `after the reconnect it sent ${said}`);
      check('N-13', said === again4 || sorted !== again4, `after the reconnect it sent ${said}, which is not in order`);
    },
  },
  {
    name: 'a nack with seq 0 concerns no numbered frame',
    rules: ['N-6'],
    async run({ begun, check }) {
      const { client, link } = await begun('N-6', 2);
      link.nack(0, 'type_unknown');
      link.ack(2);
      await client.acked('N-6', 2);
      const wrong = client.all('nacked').filter(({ seq }) => seq !== 0);
      check('N-6', wrong.length === 0 && link.isOpen(), `it treated the nack as that of frame ${wrong[0]?.seq}`);
    },
  },
];
