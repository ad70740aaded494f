import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import WebSocket from 'ws';
import { startTestGateway, type TestGateway } from '../../gateway/gateway.fixture.js';
import { packageRoot } from '../../schemas/load.js';

/**
 * The table of bounds in ARCHITECTURE.md, row by row. A bound that is checked before something is awaited and counted after it lets
 * through as many as come at the same time. So each row is attacked with simultaneous requests, or says why there is nothing to race.
 */
type Row = { attack: (tools: TestGateway, context: TestContext) => Promise<void> } | { reason: string };

/** Everything that a link does is done in the order of its messages, within one turn of the event loop each. */
const oneLink = (where: string): Row => ({ reason: `messages of one link are taken one after the other; ${where}` });

/** Counted and checked by the one thread that owns it, without waiting in between. */
const oneThread = (where: string): Row => ({ reason: `one thread checks and counts it in one step; ${where}` });

const together = <Result>(count: number, ask: (n: number) => Promise<Result>): Promise<Result[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => ask(n)));

const counted = (values: readonly (string | number)[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
};

/** Opens a WebSocket; answers with it, or with the status of the refusal. */
function dial(url: string, authorization: string): Promise<WebSocket | number> {
  return new Promise((resolve) => {
    const ws = new WebSocket(url, { headers: { authorization } });
    ws.on('error', () => {});
    ws.on('open', () => resolve(ws));
    ws.on('unexpected-response', (_, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
  });
}

async function dialMany(
  count: number,
  url: string,
  authorization: (n: number) => string,
): Promise<Record<string, number>> {
  const all = await together(count, (n) => dial(url, authorization(n)));
  const counts = counted(all.map((one) => (typeof one === 'number' ? one : 'open')));
  for (const one of all) if (typeof one !== 'number') one.terminate();
  return counts;
}

const settings = ['commands.openPerDevice=10', 'commands.open=25', 'limits.links=8', 'operator.bodyBytesMax=65536'];

const rows: Record<string, Row> = {
  'numbered frames without an answer': oneLink('tests/faults/hostile.system.ts overruns the window'),
  'unnumbered frames under way': oneLink('gateway/ingest/ingest.ts counts before it places'),
  'length of a message': oneLink('the transport counts what it reads'),
  'length of a string value': oneLink('the check is of one value'),
  'bytes waiting to be read by a device': oneLink('tests/faults/hostile.system.ts does not read'),
  'refused frames in a row': oneLink('gateway/link/link.ts counts them'),
  'pings, time requests, declarations, hellos': oneLink('tests/faults/hostile.system.ts floods with them'),
  silence: oneLink('the time of one link'),
  'frames, readings, bytes per second': oneLink('a device has one link, and is charged before decoding'),
  metrics: oneLink('a series is made in the turn that checks it'),
  'streams; declared metric tables': oneLink('gateway/link/links.test.ts opens more of them than are kept'),
  quarantine: oneThread('the transaction that adds a frame drops the oldest'),
  'made-up times remembered per metric': oneLink('gateway/ingest/usedTimes.ts'),
  'made-up times ahead of the clock': oneLink('a device has one link, and gateway/ingest/ages.ts counts per device'),
  'commands without an end': {
    async attack(tools) {
      for (const id of ['c1', 'c2', 'c3']) await tools.addDevice(id);
      const one = await together(60, () => tools.api('POST', '/v1/devices/c1/commands', { name: 'do' }));
      assert.deepEqual(counted(one.map(({ status }) => status)), { 202: 10, 429: 50 });
      const batches = together(10, () =>
        tools.api('POST', '/v1/command-batches', { name: 'do', target: { ids: ['c2', 'c3'] } }),
      );
      const singles = together(20, (n) => tools.api('POST', `/v1/devices/c${2 + (n % 2)}/commands`, { name: 'do' }));
      await Promise.all([batches, singles]);
      const open = (await tools.api('GET', '/v1/commands')).body as { items: { device: string; endedAt: null }[] };
      const perDevice = counted(open.items.map(({ device }) => device));
      assert.ok(open.items.length <= 25, `${open.items.length} of 25`);
      for (const [id, count] of Object.entries(perDevice)) assert.ok(count <= 10, `${id} has ${count} of 10`);
    },
  },
  credentials: {
    async attack(tools) {
      await tools.addDevice('k');
      for (const body of [{}, { push: true }]) {
        const made = await together(40, () => tools.api('POST', '/v1/devices/k/credentials', body));
        assert.ok(made.every(({ status }) => [201, 409, 429].includes(status)));
        const list = (await tools.api('GET', '/v1/devices/k/credentials')).body as { items: object[] };
        assert.equal(list.items.length, 8);
      }
    },
  },
  links: {
    async attack(tools) {
      const made = await together(24, (n) => tools.addDevice(`l${n}`));
      const basic = (n: number): string => `Basic ${Buffer.from(`${made[n].id}:${made[n].secret}`).toString('base64')}`;
      const counts = await dialMany(24, tools.gateway.deviceUrl, basic);
      assert.deepEqual(counts, { open: 8, 503: 16 });
    },
  },
  'connects per second; failing credentials': oneThread(
    'gateway/admission/admission.test.ts; a handshake waits for nothing',
  ),
  'telemetry waiting for the disk': oneThread('gateway/ingest/batcher.ts counts what it takes'),
  'readings in the log': oneThread('one commit is in flight'),
  'log waiting for MQTT': oneThread('gateway/bridge/thread/backlog.ts'),
  'publishes under way': oneThread('gateway/bridge/thread/outbox.ts'),
  'refused attempts listed': oneThread('gateway/presence/attempts.ts'),
  audit: oneThread('the transaction that adds a record drops the oldest'),
  'ended commands and batches': { reason: 'a pace of removal, which nobody asks for' },
  'updates of ended commands that are looked up at a time': oneThread(
    'gateway/command/deviceUpdates.ts counts before it waits',
  ),
  'runs of a day file': oneThread('the archiver alone writes day files'),
  'readings of a chunk; its bytes': oneThread('the archiver alone writes day files'),
  'unsealed rows whose owners a reader remembers': oneThread('each reader has its own'),
  'finished day files that a reader keeps open': oneThread('each reader has its own'),
  'unsealed readings of one device gathered in buckets': oneThread('a reader answers one call at a time'),
  'time of a page of buckets': oneThread('a reader answers one call at a time'),
  'rows of a page of a list': {
    async attack(tools) {
      const pages = await together(40, () => tools.api('GET', '/v1/devices?limit=10001'));
      assert.deepEqual(counted(pages.map(({ status }) => status)), { 400: 40 });
    },
  },
  'request body': {
    async attack(tools) {
      const text = 'x'.repeat(70_000);
      const answers = await together(20, () => tools.api('POST', '/v1/devices', { id: 'big', notes: text }));
      assert.deepEqual(counted(answers.map(({ status }) => status)), { 413: 20 });
    },
  },
  'live clients': {
    async attack(tools) {
      const url = `${tools.gateway.operatorUrl.replace('http', 'ws')}/v1/live`;
      const counts = await dialMany(100, url, () => `Bearer ${tools.gateway.adminKey}`);
      assert.deepEqual(counts, { open: 64, 429: 36 });
    },
  },
  'subscriptions of a live client; devices traced by one; frames traced at a time': {
    async attack(tools) {
      const url = `${tools.gateway.operatorUrl.replace('http', 'ws')}/v1/live`;
      const live = await dial(url, `Bearer ${tools.gateway.adminKey}`);
      assert.ok(typeof live !== 'number');
      const answers: string[] = [];
      const all = new Promise<void>((resolve) =>
        live.on('message', (data) => {
          const { type } = JSON.parse(String(data)) as { type: string };
          if (type !== 'welcome') answers.push(type);
          if (answers.length === 40) resolve();
        }),
      );
      for (let n = 0; n < 40; n++) live.send(JSON.stringify({ type: 'subscribe', id: `s${n}`, kinds: ['presence'] }));
      await all;
      assert.deepEqual(counted(answers), { subscribed: 16, error: 24 });
      live.terminate();
    },
  },
  'samples waiting for a live client; events': oneThread(
    'gateway/operator/live/live.test.ts has a client that does not read',
  ),
  'frames whose late readings the live feed looks up': oneThread(
    'gateway/operator/live/lateReadings.ts takes every frame in the main thread',
  ),
  'times of a frame that an operator admits': oneThread('the check is of one frame'),
};

/** The first cells of the table of bounds, without the headings of its groups. */
function rowsOfTable(): string[] {
  const text = readFileSync(join(packageRoot, 'ARCHITECTURE.md'), 'utf8');
  const section = text.slice(text.indexOf('\n## 10 Bounds'), text.indexOf('**Where to add a limit.**'));
  return section
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| what ') && !line.startsWith('| **'))
    .map((line) => line.split('|')[1].trim());
}

test('every bound of the table has an attack or a reason why nothing can race, and no attack is for a row that is gone', () => {
  const table = rowsOfTable();
  assert.ok(table.length > 30, `${table.length} rows`);
  assert.deepEqual(Object.keys(rows).sort(), table.sort());
});

test('simultaneous requests get no further than the bounds of the table', async (context) => {
  const tools = await startTestGateway(context, settings);
  for (const [name, row] of Object.entries(rows))
    if ('attack' in row) await context.test(name, (inner) => row.attack(tools, inner));
});
