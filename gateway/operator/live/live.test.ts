import assert from 'node:assert/strict';
import { test } from 'node:test';
import WebSocket from 'ws';
import type { LiveMessage, LiveTrace } from '../../../schemas/generated/operator.js';
import { startTestGateway, type TestGateway } from '../../gateway.fixture.js';

type Of<Type extends LiveMessage['type']> = Extract<LiveMessage, { type: Type }>;

/** A client of the live feed that a test controls. */
async function openLive({ gateway }: TestGateway) {
  const ws = new WebSocket(`${gateway.operatorUrl.replace('http', 'ws')}/v1/live`, ['tidegate.live.v1'], {
    headers: { authorization: `Bearer ${gateway.adminKey}` },
  });
  const heard: LiveMessage[] = [];
  let wake = (): void => {};
  ws.on('message', (data) => {
    heard.push(JSON.parse(String(data)) as LiveMessage);
    wake();
  });
  const next = async <Type extends LiveMessage['type']>(
    type: Type,
    fits: (message: Of<Type>) => boolean = () => true,
  ): Promise<Of<Type>> => {
    for (;;) {
      const at = heard.findIndex((message) => message.type === type && fits(message as Of<Type>));
      if (at >= 0) return heard.splice(at, 1)[0] as Of<Type>;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const ask = (message: object): void => ws.send(JSON.stringify(message));
  await next('welcome');
  return { ws, heard, next, ask };
}

test('a subscription by tag begins with a snapshot of those devices, and then sends their changes', async (context) => {
  const tools = await startTestGateway(context);
  const a = await tools.addDevice('a', { tags: { site: 'north' } });
  const b = await tools.addDevice('b', { tags: { site: 'south' } });
  const [first, other] = [await tools.connect(a), await tools.connect(b)];
  first.send({ seq: 1, values: { x: 1 } });
  await first.untilAck(1);
  const live = await openLive(tools);
  const kinds = ['presence', 'latest'];
  live.ask({ type: 'subscribe', id: 'north', tags: { site: 'north' }, kinds, snapshot: true });
  assert.equal((await live.next('subscribed')).id, 'north');
  const { devices, more } = await live.next('snapshot');
  assert.deepEqual([Object.keys(devices), more], [['a'], false]);
  assert.deepEqual([devices.a.presence?.online, devices.a.latest?.x.value], [true, 1]);
  other.send({ seq: 1, values: { x: 5 } });
  await other.untilAck(1);
  first.send({ seq: 2, values: { x: 2 } });
  const { changes } = await live.next('latest');
  assert.deepEqual([Object.keys(changes), changes.a.x.value], [['a'], 2]);
  live.ask({ type: 'unsubscribe', id: 'north' });
  await live.next('unsubscribed');
  live.ask({ type: 'subscribe', id: 'b', devices: ['b'], kinds: ['presence'] });
  await live.next('subscribed');
  await first.close();
  await other.close();
  assert.equal((await live.next('presence')).device, 'b');
  live.ws.close();
});

test('a snapshot of many devices comes in several messages, with each device once', async (context) => {
  const tools = await startTestGateway(context);
  for (let n = 0; n < 300; n += 50)
    await Promise.all(Array.from({ length: 50 }, (_, i) => tools.addDevice(`d${n + i}`)));
  const live = await openLive(tools);
  live.ask({ type: 'subscribe', kinds: ['presence'], snapshot: true });
  const ids: string[] = [];
  for (;;) {
    const { devices, more } = await live.next('snapshot');
    ids.push(...Object.keys(devices));
    if (!more) break;
    assert.equal(Object.keys(devices).length, 250);
  }
  assert.deepEqual([ids.length, new Set(ids).size], [300, 300]);
  live.ws.close();
});

test('registered, edited and removed devices are reported to those who asked for devices, many of them in one message', async (context) => {
  const tools = await startTestGateway(context);
  const live = await openLive(tools);
  live.ask({ type: 'subscribe', kinds: ['devices'] });
  await live.next('subscribed');
  const devices = Array.from({ length: 300 }, (_, n) => ({ id: `d${n}`, tags: { site: n < 2 ? 'north' : 'south' } }));
  await tools.api('POST', '/v1/device-imports', { devices });
  assert.equal((await live.next('devices')).ids.length, 300);
  live.ask({ type: 'subscribe', tags: { site: 'north' }, kinds: ['devices'] });
  await live.next('subscribed');
  await tools.api('PATCH', '/v1/devices/d7', { name: 'Seven' });
  await tools.api('PATCH', '/v1/devices/d1', { name: 'One' });
  assert.deepEqual((await live.next('devices')).ids, ['d1']);
  await tools.api('POST', '/v1/device-edits', { target: { all: true }, change: { model: 'room' } });
  assert.deepEqual((await live.next('devices')).ids, ['d0', 'd1']);
  await tools.api('DELETE', '/v1/devices/d1');
  assert.deepEqual(await live.next('devices'), { type: 'devices', what: 'removed', ids: ['d1'] });
  live.ws.close();
});

test('a subscription to latest values may name metrics, and then gets no others, also not in its snapshot', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('a'));
  link.send({ seq: 1, values: { x: 1, y: 2 } });
  await link.untilAck(1);
  const live = await openLive(tools);
  live.ask({ type: 'subscribe', kinds: ['latest'], metrics: ['y', 'z'], snapshot: true });
  assert.deepEqual(Object.keys((await live.next('snapshot')).devices.a.latest ?? {}), ['y']);
  link.send({ seq: 2, values: { x: 3 } });
  link.send({ seq: 3, values: { x: 4, y: 5 } });
  assert.deepEqual(Object.keys((await live.next('latest')).changes.a), ['y']);
  live.ask({ type: 'subscribe', id: 'all', kinds: ['latest'] });
  await live.next('subscribed', ({ id }) => id === 'all');
  link.send({ seq: 4, values: { x: 6 } });
  assert.deepEqual(Object.keys((await live.next('latest')).changes.a), ['x']);
  live.ws.close();
});

test('a refused subscription is answered with a code', async (context) => {
  const tools = await startTestGateway(context);
  const live = await openLive(tools);
  for (const [message, code] of [
    [{ type: 'subscribe', kinds: ['trace'] }, 'trace_needs_devices'],
    [
      { type: 'subscribe', kinds: ['trace'], devices: Array.from({ length: 11 }, (_, n) => `d${n}`) },
      'trace_needs_devices',
    ],
    [{ type: 'subscribe', kinds: [] }, 'subscription_invalid'],
    [{ type: 'subscribe', kinds: ['latest'], metrics: [] }, 'subscription_invalid'],
    [{ type: 'unsubscribe' }, 'subscription_invalid'],
  ] as const) {
    live.ask(message);
    assert.equal((await live.next('error')).code, code, JSON.stringify(message));
  }
  for (let n = 0; n < 16; n++) live.ask({ type: 'subscribe', id: `s${n}`, kinds: ['presence'] });
  live.ask({ type: 'subscribe', id: 's16', kinds: ['presence'] });
  assert.equal((await live.next('error')).code, 'too_many_subscriptions');
  live.ws.close();
});

test('a client that does not read loses samples and no events, and gets the number of lost samples', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('d'), '?stream=main');
  const live = await openLive(tools);
  live.ask({ type: 'subscribe', kinds: ['readings', 'rejected'] });
  await live.next('subscribed');
  live.ws.pause();
  const start = Date.now();
  const [frames, samples] = [160, 1_000];
  for (let seq = 1; seq <= frames; seq++) {
    const rows = Array.from({ length: samples }, (_, n) => ({
      ts: start - (frames + 1 - seq) * samples + n,
      values: { m: n },
    }));
    link.send({ seq, samples: rows });
    if (seq % 10 === 0) link.send('{"bad":');
    if (seq % 10 === 0) await link.untilAck(seq);
  }
  live.ws.resume();
  for (let n = 0; n < frames / 10; n++) await live.next('rejected');
  let told = (await live.next('dropped')).samples;
  // This frame is sent after all messages that waited.
  link.send({ seq: frames + 1, values: { last: 1 } });
  await live.next('readings', ({ readings }) => readings[0].metric === 'last');
  for (const message of live.heard) if (message.type === 'dropped') told += message.samples;
  const seen = live.heard.reduce(
    (sum, message) => sum + (message.type === 'readings' ? message.readings.length : 0),
    0,
  );
  assert.equal(seen + told, frames * samples);
  live.ws.close();
});

test('a trace has the times of a stored frame, and the bytes and the reason of a refused one', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('d'), '?stream=main');
  const other = await tools.connect(await tools.addDevice('e'));
  const live = await openLive(tools);
  live.ask({ type: 'subscribe', devices: ['d'], kinds: ['trace'] });
  await live.next('subscribed');
  other.send({ seq: 1, values: { x: 1 } });
  await other.untilAck(1);
  link.send({ seq: 1, values: { x: 1, y: 2 } });
  const stored = await live.next('trace');
  assert.deepEqual([stored.device, stored.seq, stored.outcome, stored.readings], ['d', 1, 'stored', 2]);
  const { decodedMs, committedMs, ackedMs, bridgedMs } = stored;
  assert.ok(decodedMs >= 0 && committedMs !== null && ackedMs !== null);
  assert.ok(decodedMs <= committedMs && committedMs <= ackedMs);
  assert.equal(bridgedMs, null);
  link.send('{"seq":2,"values":{"x":"one"}}');
  const refused = await live.next('trace');
  assert.deepEqual([refused.seq, refused.outcome, refused.fault?.code], [2, 'refused', 'value_invalid']);
  assert.equal(Buffer.from(refused.bytes, 'base64').toString(), '{"seq":2,"values":{"x":"one"}}');
  link.send({ values: { x: 3 } });
  link.send({ type: 'time', echo: 7 });
  link.sendBytes('0199');
  const rest: LiveTrace[] = [await live.next('trace'), await live.next('trace'), await live.next('trace')];
  assert.deepEqual(rest.map(({ seq, outcome, fault }) => [seq, outcome, fault?.code]).sort(), [
    [0, 'other', undefined],
    [0, 'refused', 'type_unknown'],
    [0, 'stored', undefined],
  ]);
  live.ask({ type: 'unsubscribe', id: '' });
  await live.next('unsubscribed');
  link.send({ seq: 3, values: { x: 4 } });
  await link.untilAck(3);
  assert.equal(live.heard.length, 0);
  live.ws.close();
});

test('live clients are bounded per key and in all, with a code, and one that leaves makes room', async (context) => {
  const tools = await startTestGateway(context);
  const keys = [tools.gateway.adminKey ?? ''];
  for (let n = 0; n < 4; n++)
    keys.push(((await tools.api('POST', '/v1/keys', { name: `k${n}`, role: 'viewer' })).body as { key: string }).key);
  const connect = (key: string): Promise<WebSocket | string> =>
    new Promise((resolve) => {
      const ws = new WebSocket(`${tools.gateway.operatorUrl.replace('http', 'ws')}/v1/live`, {
        headers: { authorization: `Bearer ${key}` },
      });
      ws.on('error', () => {});
      ws.on('open', () => resolve(ws));
      ws.on('unexpected-response', (_, response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve(`${response.statusCode} ${(JSON.parse(text) as { code: string }).code}`));
      });
    });
  const all: (WebSocket | string)[] = [];
  for (const [n, key] of keys.entries()) {
    // All of one key at the same time.
    const made = await Promise.all(Array.from({ length: 70 }, () => connect(key)));
    const open = made.filter((one) => typeof one !== 'string');
    assert.equal(open.length, n < 4 ? 64 : 0);
    for (const one of made) if (typeof one === 'string') assert.equal(one, '429 too_many_live_clients');
    all.push(...open);
  }
  const [first, ...rest] = all as WebSocket[];
  first.close();
  for (let again: WebSocket | string = ''; typeof again === 'string'; ) {
    again = await connect(keys[4]);
    if (typeof again !== 'string') rest.push(again);
  }
  for (const ws of rest) ws.terminate();
});

test('what several clients hear alike is made once, and a change of one of them changes nothing for the others', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('a', { tags: { site: 'north' } }));
  const clients = [];
  for (let n = 0; n < 5; n++) clients.push(await openLive(tools));
  // Ids, the order of kinds and the same subscription twice make no difference.
  for (const [n, live] of clients.entries()) {
    live.ask({ type: 'subscribe', id: `s${n}`, kinds: n % 2 === 0 ? ['readings', 'latest'] : ['latest', 'readings'] });
    if (n === 2) live.ask({ type: 'subscribe', id: 'more', kinds: ['latest', 'readings'] });
    await live.next('subscribed');
  }
  const made = context.mock.method(JSON, 'stringify');
  link.send({ seq: 1, values: { x: 1 } });
  for (const live of clients) {
    assert.deepEqual((await live.next('readings')).readings[0].value, 1);
    assert.equal((await live.next('latest')).changes.a.x.value, 1);
  }
  const texts = made.mock.calls
    .map(({ result }) => String(result))
    .filter((text) => /"type":"(readings|latest)"/.test(text));
  assert.equal(texts.length, 2, texts.join('\n'));
  made.mock.restore();
  clients[0].ask({ type: 'unsubscribe', id: 's0' });
  clients[1].ask({ type: 'subscribe', id: 's1', kinds: ['readings'], tags: { site: 'south' } });
  await clients[0].next('unsubscribed');
  await clients[1].next('subscribed');
  link.send({ seq: 2, values: { x: 2 } });
  for (const live of clients.slice(2)) assert.equal((await live.next('readings')).readings[0].value, 2);
  assert.equal(clients[0].heard.filter(({ type }) => type === 'readings').length, 0);
  assert.equal(clients[1].heard.filter(({ type }) => type === 'readings').length, 0);
  for (const live of clients) live.ws.close();
});
