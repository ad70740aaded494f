import { pass } from '../players/waiting.js';
import { listOf, nameOf, reading, readings, sameValue, usualTable, valuesOf } from '../stage/readings.js';
import type { PeerSituation } from '../stage/stage.js';

/** How far the time of a reading may be off if it was sent as an age: machines under load are late. */
const slackMs = 8_000;
const offlineMs = 12_000;

export const messageSituations: PeerSituation[] = [
  {
    name: 'unknown messages and fields are ignored',
    rules: ['J-1', 'B-8'],
    async run({ start, peer, check }) {
      const client = start();
      const link = await peer.link('J-1');
      const rule = link.encoding === 'json' ? 'J-1' : 'B-8';
      link.beOdd();
      link.sayUnknown();
      link.welcome(7);
      link.sayUnknown();
      client.send(readings(1, 2));
      const said = listOf(await link.frames(rule, 2));
      check(rule, said === '8=r1 9=r2', `after an unknown message and a welcome with unknown content, it sent ${said}`);
      link.sayUnknown();
      link.ack(9);
      await client.acked(rule, 9);
      client.send([reading(3)]);
      await link.frames(rule, 1);
      link.say({ type: 'time', echo: 1, serverTime: peer.now() });
      link.nack(10);
      await client.event(rule, 'nacked');
      check(rule, peer.links.length === 1 && link.isOpen(), 'it ended the link over an unknown message');
    },
  },
  {
    name: 'buffered frames keep their table after a firmware change',
    rules: ['J-6'],
    async run({ begun, again, check }) {
      const { client, link } = await begun('J-6', 2);
      link.cut();
      await client.event('J-6', 'closed');
      client.tell({ do: 'metrics', table: 2, metrics: [...usualTable].reverse() });
      client.send([reading(3)]);
      const second = await again('J-6', client);
      second.welcome(0);
      const said = listOf(await second.frames('J-6', 3));
      check('J-6', said === '1=r1 2=r2 3=r3', `with a new table, it sent ${said}`);
    },
  },
  {
    name: 'a restart with new firmware',
    rules: ['J-6'],
    async run({ start, begun, peer, check }) {
      const { client: before } = await begun('J-6', 2, { memory: 'kept' });
      await before.stop('J-6');
      const after = start({ memory: 'kept', metrics: { table: 2, metrics: [...usualTable].reverse() } });
      after.send([reading(3)]);
      const second = await peer.link('J-6');
      second.welcome(0);
      for (;;) {
        const name = nameOf(await second.frame('J-6', 'frame with reading 3'));
        check('J-6', /^r[123]$/.test(name), `after a restart with a new table it sent ${name}`);
        if (!/^r[12]$/.test(name)) break;
      }
    },
  },
  {
    name: 'a table without a number belongs to its link',
    rules: ['J-5', 'J-11'],
    async run({ start, peer, again, check }) {
      const client = start({ metrics: { metrics: usualTable } });
      const link = await peer.link('J-5');
      link.welcome(0);
      client.send(readings(1, 2));
      const said = listOf(await link.frames('J-5', 2));
      check('J-5', said === '1=r1 2=r2', `by its table, it sent ${said}`);
      link.ack(1);
      link.cut();
      const second = await again('J-11', client);
      second.welcome(1);
      const later = listOf(await second.frames('J-11', 1));
      check('J-11', later === '2=r2', `on a new link it sent ${later}`);
    },
  },
  {
    name: 'a scale multiplies the values of binary frames',
    rules: ['J-13'],
    async run({ start, peer, check }) {
      const metrics = usualTable.map((metric) => ({ ...metric, scale: 0.01 }));
      const client = start({ metrics: { table: 1, metrics } });
      const link = await peer.link('J-13');
      link.welcome(0);
      client.send([reading(21)]);
      const { samples } = await link.frame('J-13');
      const { temperature } = valuesOf(21);
      const value = samples[0].values.temperature;
      check('J-13', sameValue(value, temperature), `${temperature} with a scale of 0.01 arrived as ${value}`);
    },
  },
  {
    name: 'without a clock, ages are computed at each send',
    rules: ['I-3'],
    seconds: 35,
    async run({ start, peer, again, check }) {
      const client = start();
      const link = await peer.link('I-3');
      const measuredAt = peer.now() - 1_000;
      client.send([{ ts: -1_000, values: valuesOf(1) }]);
      await pass(offlineMs);
      link.welcome(0);
      checkAge(await link.frame('I-3'));
      link.cut();
      const second = await again('I-3', client);
      await pass(offlineMs);
      second.welcome(0);
      const resent = await second.frame('I-3', 'frame that is sent again');
      check('N-5', nameOf(resent, false) === 'r1', `after the reconnect it sent ${nameOf(resent, false)}`);
      checkAge(resent);

      /** An age, or the gateway's time, which the device may compute from the welcome on. */
      function checkAge({ samples, at }: Awaited<ReturnType<typeof link.frame>>): void {
        const ts = samples[0].ts ?? 0;
        const off = Math.round((ts > 0 ? ts : at + ts) - measuredAt);
        check('I-3', Math.abs(off) < slackMs, `a reading's time is off by ${off} ms: sent with ts ${ts}`);
      }
    },
  },
];
