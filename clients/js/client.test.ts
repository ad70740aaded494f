import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { packageRoot } from '../../schemas/load.js';
import { type ClientEvent, type ClientOptions, connectDevice } from './client.js';
import { createManualTiming } from './core/manualTiming.fixture.js';
import type { Socket, SocketEvents, SocketKind } from './socket.js';
import { memoryStorage } from './storage.js';

/** The gateway's end of each link that the client opens. The test controls it. */
function fakeLinks(seesPings: boolean) {
  const links: { sent: string[]; events: SocketEvents; closes: string[]; isDropped: boolean }[] = [];
  const kind: SocketKind = {
    seesPings,
    open(_request, events): Socket {
      const link = { sent: [] as string[], events, closes: [] as string[], isDropped: false };
      links.push(link);
      return {
        send: (message) => link.sent.push(String(message)),
        close: (code, reason) => link.closes.push(`${code} ${reason}`),
        drop() {
          link.isDropped = true;
          events.ended({ kind: 'closed', code: 1006, reason: '' });
        },
      };
    },
  };
  return { links, kind };
}

const welcome = (lastSeq = 0): string =>
  JSON.stringify({ type: 'welcome', lastSeq, window: 64, serverTime: 1_795_305_600_000, keepaliveSeconds: 25 });

/** Resolves after the client has saved its changes. */
const settled = (): Promise<void> => new Promise(setImmediate);

async function device(context: TestContext, options: Partial<ClientOptions> = {}, seesPings = true) {
  const { links, kind } = fakeLinks(seesPings);
  const time = createManualTiming();
  const events: ClientEvent[] = [];
  const client = await connectDevice({
    url: 'ws://gateway/v1/device',
    id: 'd',
    secret: 's',
    socketKind: kind,
    timing: time.timing,
    random: () => 0.5,
    event: (event) => events.push(event),
    ...options,
  });
  context.after(() => client.state() === 'stopped' || void client.stop());
  return { client, links, time, events };
}

test('a client that cannot see pings asks for the time after 25 s of silence, and drops the link after 75 s', async (context) => {
  const { links, time } = await device(context, {}, false);
  links[0].events.text(welcome());
  time.advance(24_000);
  assert.deepEqual(links[0].sent, []);
  time.advance(6_000);
  assert.deepEqual(links[0].sent, ['{"type":"time","echo":0}']);
  time.advance(40_000);
  assert.deepEqual([links[0].sent.length, links[0].isDropped], [1, false], 'asked once per silence');
  time.advance(10_000);
  assert.equal(links[0].isDropped, true);
});

test('a client that sees pings sends no time requests while they arrive', async (context) => {
  const { links, time } = await device(context);
  links[0].events.text(welcome());
  for (let i = 0; i < 10; i++) {
    time.advance(25_000);
    links[0].events.pinged();
  }
  assert.deepEqual([links[0].sent, links[0].isDropped], [[], false]);
});

test('the buffer is bounded, and send() reports a full one', async (context) => {
  const { client } = await device(context, { framesMax: 3 });
  const kept = [1, 2, 3, 4].map((a) => client.send({ a }, 1_000 + a));
  assert.deepEqual([kept, client.unacked()], [[true, true, true, false], 3]);
});

test('drained() resolves when every reading has an ack or a nack', async (context) => {
  const { client, links } = await device(context);
  await client.drained();
  client.send({ a: 1 }, 1_000);
  client.send({ a: 2 }, 2_000);
  let isDrained = false;
  const drained = client.drained().then(() => (isDrained = true));
  links[0].events.text(welcome());
  await settled();
  links[0].events.text('{"type":"nack","seq":2,"code":"value_invalid","message":""}');
  await settled();
  assert.equal(isDrained, false);
  links[0].events.text('{"type":"ack","seq":2}');
  await drained;
});

test('after a refused metric table the readings go out as JSON, also those that the gateway could not read by it', async (context) => {
  const metrics = { table: 1, metrics: [{ name: 'a' }] };
  const { client, links } = await device(context, { encoding: 'binary', metrics });
  const nack = (seq: number, code: string): void =>
    links[0].events.text(JSON.stringify({ type: 'nack', seq, code, message: '' }));
  links[0].events.text(welcome());
  client.send({ a: 1 }, 1_795_305_600_001);
  await settled();
  assert.match(links[0].sent[1], /^1,1,1,/, 'a binary frame');
  nack(0, 'schema_invalid');
  nack(1, 'metric_unknown');
  client.send({ a: 2 }, 1_795_305_600_002);
  await settled();
  assert.deepEqual(links[0].sent.slice(2), [
    '{"type":"telemetry","seq":2,"ts":1795305600001,"values":{"a":1}}',
    '{"type":"telemetry","seq":3,"ts":1795305600002,"values":{"a":2}}',
  ]);
});

test('a whole number that may have been rounded is refused at send()', async (context) => {
  const { client } = await device(context);
  for (const value of [2 ** 53, -(2 ** 53), 2 ** 60]) assert.throws(() => client.send({ a: value }), RangeError);
  assert.equal(client.send({ a: 2 ** 53 - 1, b: 1e300, c: 0.1 + 0.2 }), true);
});

test('a number is saved before it is used, so that a new process does not use it for another reading', async (context) => {
  const storage = memoryStorage();
  const before = await device(context, { storage });
  before.client.send({ a: 1 }, 1_000);
  before.client.send({ a: 2 }, 2_000);
  before.links[0].events.text(welcome());
  await settled();
  assert.equal(before.links[0].sent.length, 2);
  const after = await device(context, { storage });
  after.client.send({ a: 3 }, 3_000);
  after.links[0].events.text(welcome(1));
  await settled();
  const sent = after.links[0].sent.map((text) => JSON.parse(text) as { seq: number; values: { a: number } });
  assert.deepEqual(
    sent.map(({ seq, values }) => [seq, values.a]),
    [
      [2, 2],
      [3, 3],
    ],
  );
});

test('if the storage fails, readings are still sent, and an event reports the failure', async (context) => {
  const storage = { load: async () => new Map<string, string>(), write: () => Promise.reject(new Error('full')) };
  const { client, links, events } = await device(context, { storage });
  links[0].events.text(welcome());
  client.send({ a: 1 }, 1_000);
  await settled();
  assert.equal(links[0].sent.length, 1);
  assert.ok(events.some(({ event }) => event === 'storage_failed'));
});

test('a sleeping client reconnects at the end of its sleep, or earlier if reconnect is called', async (context) => {
  const { client, links, time } = await device(context);
  links[0].events.text(welcome());
  client.sleep(60_000);
  assert.deepEqual(links[0].closes, ['1000 {"backInMs":60000}']);
  links[0].events.ended({ kind: 'closed', code: 1000, reason: '' });
  time.advance(59_000);
  assert.equal(links.length, 1);
  time.advance(1_000);
  assert.equal(links.length, 2);
  client.sleep(60_000);
  client.reconnect();
  assert.equal(links.length, 3);
});

test('a late message of a dropped link changes nothing', async (context) => {
  const { client, links, time } = await device(context);
  links[0].events.text(welcome());
  time.advance(80_000);
  client.reconnect();
  links[1].events.text(welcome());
  assert.equal(client.state(), 'linked');
});

test('in a runtime without WebSocket the error names the package to pass', async () => {
  if ('WebSocket' in globalThis) return;
  await assert.rejects(connectDevice({ url: 'ws://x', id: 'd', secret: 's' }), /package ws/);
});

test('the files for a page import only files of their own folder', () => {
  const seen = new Set<string>();
  const folder = join(packageRoot, 'dist', 'clients', 'js');
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(join(folder, file), 'utf8');
    for (const [, from] of text.matchAll(/(?:from|import) '([^']+)'/g)) {
      assert.match(from, /^\.\.?\/[\w/]+\.js$/, `${file} imports ${from}`);
      const imported = join(dirname(file), from);
      assert.ok(!imported.startsWith('..'), `${file} imports ${from}, which is outside of the folder`);
      visit(imported);
    }
    assert.doesNotMatch(text, /\b(process|Buffer)\.|\brequire\(/, file);
  };
  for (const entry of ['client.js', 'storage.js', 'indexedDbStorage.js']) visit(entry);
  assert.ok(seen.has('core/session.js') && seen.size > 15, [...seen].join(', '));
});
