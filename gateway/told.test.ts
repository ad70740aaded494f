import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import WebSocket from 'ws';
import { startBroker, subscribe } from './bridge/bridge.fixture.js';
import { startTestGateway, type TestGateway } from './gateway.fixture.js';

type Told = [ts: number, metric: string, value: unknown];

/** Everything that the live feed sends of readings. */
async function liveReadings(context: TestContext, { gateway }: TestGateway) {
  const ws = new WebSocket(`${gateway.operatorUrl.replace('http', 'ws')}/v1/live`, ['tidegate.live.v1'], {
    headers: { authorization: `Bearer ${gateway.adminKey}` },
  });
  const told: Told[] = [];
  let wake = (): void => {};
  context.after(() => ws.terminate());
  await new Promise<void>((resolve) => {
    ws.on('message', (data) => {
      const message = JSON.parse(String(data));
      if (message.type === 'welcome') ws.send(JSON.stringify({ type: 'subscribe', kinds: ['readings'] }));
      if (message.type === 'subscribed') resolve();
      for (const { ts, metric, value } of message.type === 'readings' ? message.readings : [])
        told.push([ts, metric, value]);
      wake();
    });
  });
  return {
    async until(count: number): Promise<Told[]> {
      while (told.length < count) await new Promise<void>((resolve) => (wake = resolve));
      return told;
    },
  };
}

const sorted = (told: Told[]): Told[] =>
  [...told].sort((a, b) => a[0] - b[0] || a[1].localeCompare(b[1]) || String(a[2]).localeCompare(String(b[2])));

for (const isSealed of [true, false])
  test(`what goes out on MQTT and the live feed is what is stored: ${isSealed ? 'sealed' : 'not yet sealed'}`, async (context) => {
    const broker = await startBroker(context);
    const listener = await subscribe(context, broker.url, 'tidegate/gw/+/telemetry');
    const tools = await startTestGateway(context, ['gatewayId=gw', `mqtt.url=${broker.url}`]);
    const live = await liveReadings(context, tools);
    const link = await tools.connect(await tools.addDevice('boiler-7'));
    const at = Date.now() - 60_000;
    link.send({ seq: 1, ts: at, values: { n: 2, door: 'open' } });
    link.send({ seq: 2, ts: at + 1_000, values: { n: 3 } });
    await link.untilAck(2);
    if (isSealed) assert.equal((await tools.api('POST', '/v1/gateway/seal')).status, 204);
    // A repeat with another value; late data; both in one frame, with a metric that is new; and the end.
    link.send({ seq: 3, ts: at, values: { n: 999, door: 'shut' } });
    link.send({ seq: 4, ts: at - 500, values: { n: 7 } });
    const samples = [
      { ts: at, values: { n: 998, fresh: 5 } },
      { ts: at - 90_000_000, values: { n: 6 } },
    ];
    link.send({ seq: 5, samples });
    link.send({ seq: 6, ts: at + 2_000, values: { n: 8 } });
    await link.untilAck(6);
    const stored: Told[] = sorted([
      [at - 90_000_000, 'n', 6],
      [at - 500, 'n', 7],
      [at, 'n', 2],
      [at, 'door', 'open'],
      [at, 'fresh', 5],
      [at + 1_000, 'n', 3],
      [at + 2_000, 'n', 8],
    ]);
    const { body } = await tools.api('GET', `/v1/devices/boiler-7/readings?from=${at - 90_000_000}`);
    const { items } = body as { items: { ts: number; metric: string; value: unknown }[] };
    assert.deepEqual(sorted(items.map(({ ts, metric, value }) => [ts, metric, value])), stored);
    const payloads = await listener.until((heard) =>
      heard.some(({ payload }) => payload.includes('"seq":6,')) ? heard.map(({ payload }) => payload) : undefined,
    );
    const published = payloads.flatMap((payload) =>
      (JSON.parse(payload) as { samples: { ts: number; values: object }[] }).samples.flatMap(({ ts, values }) =>
        Object.entries(values).map(([metric, value]): Told => [ts, metric, value]),
      ),
    );
    assert.deepEqual(sorted(published), stored, 'MQTT');
    assert.deepEqual(sorted(await live.until(stored.length)), stored, 'the live feed');
  });
