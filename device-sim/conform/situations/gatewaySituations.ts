import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import type { NewCredentialBody, ReadingItem } from '../../../schemas/generated/operator.js';
import type { Client } from '../players/adapter.js';
import { Broken, patienceMs } from '../players/waiting.js';
import { reading, readings, sameValue, usualTable, valuesOf } from '../stage/readings.js';
import { type GatewaySituation, type GatewayStage, msOf } from '../stage/stage.js';

/** Compares the stored readings of the probe with readings 1 to `count`: each once, and no others. */
async function checkStored({ gateway, id, check }: GatewayStage, rule: string, count: number): Promise<void> {
  const { items } = await gateway.api<{ items: ReadingItem[] }>('GET', `/v1/devices/${id}/readings?limit=10000`);
  const found = new Set(items.map(({ metric, ts, value }) => `${metric} ${ts} ${Math.round(Number(value) * 100)}`));
  const missing = readings(1, count).flatMap(({ ts, values }) =>
    Object.entries(values).filter(([metric, value]) => !found.has(`${metric} ${ts} ${Math.round(value * 100)}`)),
  );
  const fits = missing.length === 0 && items.length === 2 * count;
  check(
    rule,
    fits,
    `of ${2 * count} readings ${missing.length} are missing or altered, and ${items.length} are stored`,
  );
}

async function acked(rule: string, client: Client, from: number, to: number): Promise<void> {
  client.send(readings(from, to));
  await client.acked(rule, to);
}

async function again(rule: string, client: Client): Promise<void> {
  await client.event(rule, 'waiting');
  client.tell({ do: 'reconnect' });
}

/** Waits until the operator API shows it. */
async function until<Body>(
  rule: string,
  what: string,
  ask: () => Promise<Body>,
  wanted: (body: Body) => boolean,
): Promise<Body> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const body = await ask();
    if (wanted(body)) return body;
    if (Date.now() > end) throw new Broken(rule, `no ${what} within ${patienceMs / 1000} s: ${JSON.stringify(body)}`);
    await sleep(100);
  }
}

interface CommandBody {
  id: string;
  state: string;
  result: unknown;
  error: { code?: string } | null;
}

const isEnd = ({ state }: CommandBody): boolean => !['queued', 'sent', 'received', 'running'].includes(state);

function command({ gateway, id }: GatewayStage, name: string, params: object): Promise<CommandBody> {
  return gateway.api('POST', `/v1/devices/${id}/commands`, { name, params });
}

const outcome = ({ gateway }: GatewayStage, rule: string, { id }: CommandBody): Promise<CommandBody> =>
  until(rule, 'end of a command', () => gateway.api<CommandBody>('GET', `/v1/commands/${id}`), isEnd);

/** An operator's act that ends the link: the close, the wait, and the refusal of the next attempt. */
function ended(
  name: string,
  close: number,
  refusal: number,
  act: (stage: GatewayStage) => Promise<unknown>,
): GatewaySituation {
  return {
    name,
    rules: ['R-2'],
    async run(stage) {
      const { start, check } = stage;
      const client = start();
      await acked('R-2', client, 1, 2);
      await act(stage);
      const { code } = await client.event('R-2', 'closed');
      check('R-2', code === close, `it reported close ${code}; the gateway closed with ${close}`);
      await again('R-2', client);
      const { status } = await client.event('R-2', 'refused');
      check('R-2', status === refusal, `it reported HTTP ${status}; the gateway answered ${refusal}`);
      check('R-2', msOf(await client.event('R-2', 'waiting')) >= 0, 'no wait');
    },
  };
}

export const gatewaySituations: GatewaySituation[] = [
  {
    name: 'every reading is stored once',
    rules: ['N-1', 'W-2', 'B-3', 'J-2'],
    async run(stage) {
      const client = stage.start();
      const { lastSeq } = await client.event('N-1', 'welcome');
      stage.check('N-1', lastSeq === 0, `a new device reported lastSeq ${lastSeq}`);
      await acked('W-2', client, 1, 200);
      const rule = client.all('nacked').length > 0 ? 'N-1' : 'W-2';
      await checkStored(stage, rule, 200);
      await checkStored(stage, stage.encoding === 'binary' ? 'B-3' : 'J-2', 200);
    },
  },
  {
    name: 'the gateway restarts during sending',
    rules: ['N-3', 'N-5', 'R-1'],
    alone: true,
    async run(stage) {
      const { gateway, start, check } = stage;
      const client = start();
      await acked('N-3', client, 1, 20);
      const restarted = gateway.restart();
      const { code } = await client.event('R-1', 'closed');
      check('R-1', code === 4000, `it reported close ${code}; the gateway closed with 4000`);
      client.send(readings(21, 60));
      await restarted;
      const reconnecting = setInterval(() => client.tell({ do: 'reconnect' }), 500);
      try {
        await client.acked('N-5', 60);
      } finally {
        clearInterval(reconnecting);
      }
      await checkStored(stage, 'N-3', 60);
      await checkStored(stage, 'N-5', 60);
    },
  },
  {
    name: 'without memory, at a stream that has frames',
    rules: ['N-4'],
    async run(stage) {
      const before = stage.start();
      await acked('N-4', before, 1, 5);
      await before.stop('N-4');
      const after = stage.start();
      after.send(readings(6, 10));
      const { lastSeq } = await after.event('N-4', 'welcome');
      stage.check('N-4', lastSeq === 5, `it reported lastSeq ${lastSeq}; the welcome has 5`);
      await after.acked('N-4', 10);
      await checkStored(stage, 'N-4', 10);
    },
  },
  {
    name: 'with memory, at a stream that has frames',
    rules: ['N-3'],
    async run(stage) {
      const before = stage.start({ memory: 'kept' });
      await acked('N-3', before, 1, 5);
      await before.stop('N-3');
      const after = stage.start({ memory: 'kept' });
      after.send(readings(6, 10));
      await after.acked('N-3', 10);
      await checkStored(stage, 'N-3', 10);
    },
  },
  {
    name: 'a nack from a real gateway',
    rules: ['W-3'],
    async run(stage) {
      const client = stage.start();
      client.send(readings(1, 2));
      client.send([{ ts: Date.now() + 3_600_000, values: valuesOf(99) }, reading(3)]);
      const { seq, code } = await client.event('W-3', 'nacked');
      stage.check(
        'W-3',
        seq === 3 && code === 'time_in_future',
        `it reported nack ${seq} ${code}; it was sent 3 time_in_future`,
      );
      await client.acked('W-3', 4);
      await checkStored(stage, 'W-3', 3);
    },
  },
  {
    name: 'commands from an operator',
    rules: ['C-6', 'C-14'],
    async run(stage) {
      const client = stage.start();
      await client.event('C-6', 'welcome');
      const sum = await outcome(stage, 'C-6', await command(stage, 'add', { a: 2, b: 3 }));
      const said = JSON.stringify([sum.state, sum.result]);
      stage.check('C-6', said === '["succeeded",{"sum":5}]', `add ended as ${said}`);
      const failed = await outcome(stage, 'C-14', await command(stage, 'fail', {}));
      stage.check(
        'C-14',
        failed.state === 'failed' && failed.error?.code === 'broken',
        `fail ended as ${failed.state}`,
      );
      const unknown = await outcome(stage, 'C-14', await command(stage, 'paint', {}));
      stage.check('C-14', unknown.state === 'rejected', `an unknown command ended as ${unknown.state}`);
    },
  },
  {
    name: 'a power cut, then the gateway sends the command again',
    rules: ['C-10'],
    async run(stage) {
      const before = stage.start({ memory: 'kept' });
      await before.event('C-10', 'welcome');
      const sent = await command(stage, 'add', { a: 2, b: 3 });
      await before.event('C-10', 'executed');
      await before.kill();
      const after = stage.start({ memory: 'kept' });
      const { state, result, error } = await outcome(stage, 'C-10', sent);
      const ran = [before, after].flatMap((client) => client.all('executed')).length;
      const honest = state === 'succeeded' || (state === 'failed' && error?.code === 'lost');
      stage.check(
        'C-10',
        honest && ran === 1,
        `it answered ${state} ${JSON.stringify(result ?? error)}; the command ran ${ran} times`,
      );
    },
  },
  {
    name: 'metric tables before and after a firmware change',
    rules: ['J-6'],
    async run(stage) {
      const before = stage.start({ memory: 'kept' });
      await acked('J-6', before, 1, 3);
      before.tell({ do: 'metrics', table: 2, metrics: [...usualTable].reverse() });
      await acked('J-6', before, 4, 6);
      await before.stop('J-6');
      const after = stage.start({
        memory: 'kept',
        metrics: { table: 3, metrics: [...usualTable, { name: 'pressure' }] },
      });
      await acked('J-6', after, 7, 9);
      await checkStored(stage, 'J-6', 9);
    },
  },
  {
    name: 'without a clock, at a real gateway',
    rules: ['I-3'],
    async run({ start, gateway, id, check }) {
      const client = start();
      await client.event('I-3', 'welcome');
      const measuredAt = Date.now() - 60_000;
      client.send([{ ts: -60_000, values: valuesOf(1) }]);
      await client.acked('I-3', 1);
      const { items } = await gateway.api<{ items: ReadingItem[] }>('GET', `/v1/devices/${id}/readings`);
      const found = items.find(({ metric }) => metric === 'temperature');
      const off = (found?.ts ?? 0) - measuredAt;
      const fits = Math.abs(off) < 5_000 && sameValue(found?.value, valuesOf(1).temperature);
      check('I-3', fits, `the stored time of a reading that was a minute old is off by ${off} ms`);
    },
  },
  {
    name: 'a device that announces its sleep',
    rules: ['R-5'],
    async run({ start, gateway, id, check }) {
      const client = start();
      await acked('R-5', client, 1, 1);
      client.tell({ do: 'sleep', backInMs: 60_000 });
      type Body = { presence: { online: boolean; backAt: number | null; lastClose: { code: number } | null } };
      const { presence } = await until(
        'R-5',
        'device offline',
        () => gateway.api<Body>('GET', `/v1/devices/${id}`),
        (body) => !body.presence.online,
      );
      check(
        'R-5',
        presence.backAt !== null,
        `the gateway does not know when it comes back: ${JSON.stringify(presence)}`,
      );
    },
  },
  {
    name: 'a takeover by another link',
    rules: ['R-2', 'R-6'],
    async run(stage) {
      const { start, check, gateway, id, secret } = stage;
      const client = start();
      await acked('R-6', client, 1, 2);
      const other = new WebSocket(`${gateway.deviceUrl}?stream=other`, ['tidegate.v1.json'], {
        auth: `${id}:${secret}`,
      });
      try {
        const { code } = await client.event('R-2', 'closed');
        check('R-2', code === 4100, `it reported close ${code}; the gateway closed with 4100`);
        client.send(readings(3, 4));
        await again('R-2', client);
        await client.acked('R-6', 4);
        await checkStored(stage, 'R-6', 4);
      } finally {
        other.terminate();
      }
    },
  },
  {
    name: 'disabled, and enabled again',
    rules: ['R-2', 'N-3'],
    async run(stage) {
      const { start, check, gateway, id } = stage;
      const client = start();
      await acked('R-2', client, 1, 2);
      await gateway.api('PATCH', `/v1/devices/${id}`, { state: 'disabled' });
      const { code } = await client.event('R-2', 'closed');
      check('R-2', code === 4102, `it reported close ${code}; the gateway closed with 4102`);
      await again('R-2', client);
      const { status } = await client.event('R-2', 'refused');
      check('R-2', status === 403, `it reported HTTP ${status}; the gateway answered 403`);
      client.send(readings(3, 4));
      await gateway.api('PATCH', `/v1/devices/${id}`, { state: 'active' });
      await again('R-2', client);
      await client.acked('N-3', 4);
      await checkStored(stage, 'N-3', 4);
    },
  },
  ended('removed', 4104, 401, ({ gateway, id }) => gateway.api('DELETE', `/v1/devices/${id}`)),
  ended('revoked', 4101, 401, async ({ gateway, id }) => {
    const { items } = await gateway.api<{ items: NewCredentialBody[] }>('GET', `/v1/devices/${id}/credentials`);
    await gateway.api('DELETE', `/v1/devices/${id}/credentials/${items[0].cid}`);
  }),
];
