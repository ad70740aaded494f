import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { BucketItem, GatewayBody, JobBody, ReadingItem } from '../../schemas/generated/operator.js';
import { startOn, startTestGateway, type TestGateway } from '../gateway.fixture.js';

/** A full hour, some hours ago, so that buckets are whole. */
const hour = 3_600_000;
const start = Math.floor(Date.now() / hour) * hour - 3 * hour;

/** Adds device d with `count` samples, a second apart: a number, a text that CSV has to quote, and a boolean. */
async function withReadings(context: TestContext, count: number): Promise<TestGateway> {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('d'), '?stream=main');
  for (let from = 0, seq = 1; from < count; from += 500, seq++) {
    const samples = Array.from({ length: Math.min(500, count - from) }, (_, i) => ({
      ts: start + (from + i) * 1000,
      values: { n: (from + i) / 4, text: `a "${from + i}", b`, even: (from + i) % 2 === 0 },
    }));
    link.send({ seq, samples });
    await link.untilAck(seq);
  }
  return tools;
}

const ask = (tools: TestGateway, path: string, accept: string): Promise<Response> =>
  fetch(tools.gateway.operatorUrl + path, {
    headers: { authorization: `Bearer ${tools.gateway.adminKey}`, accept, connection: 'close' },
  });

test('readings come as JSON, CSV and NDJSON, the same before and after the log is sealed', async (context) => {
  const tools = await withReadings(context, 40);
  const path = '/v1/devices/d/readings';
  const all = async () => ({
    json: ((await tools.api('GET', path)).body as { items: ReadingItem[] }).items,
    csv: await (await ask(tools, path, 'text/csv')).text(),
    ndjson: await (await ask(tools, path, 'application/x-ndjson')).text(),
  });
  const before = await all();
  assert.equal(before.json.length, 120);
  assert.deepEqual(before.json.slice(0, 3), [
    { metric: 'n', ts: start, value: 0 },
    { metric: 'text', ts: start, value: 'a "0", b' },
    { metric: 'even', ts: start, value: true },
  ]);
  const lines = before.csv.split('\r\n');
  assert.deepEqual(lines.slice(0, 4), [
    'metric,ts,value',
    `n,${start},0`,
    `text,${start},"a ""0"", b"`,
    `even,${start},true`,
  ]);
  assert.deepEqual(
    before.ndjson
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as ReadingItem),
    before.json,
  );
  assert.equal((await tools.api('POST', '/v1/gateway/seal')).status, 204);
  assert.deepEqual(await all(), before);
  const { body } = await tools.api('GET', '/v1/gateway');
  assert.equal((body as GatewayBody).unsealedReadings, 0);
});

test('buckets have the aggregates of their readings, in every format and in pages', async (context) => {
  const tools = await withReadings(context, 130);
  const path = `/v1/devices/d/readings?every=1m&from=${start}`;
  const pageOf = async (more: string): Promise<{ items: BucketItem[]; next: string | null }> =>
    (await tools.api('GET', path + more)).body as never;
  const { items } = await pageOf('');
  assert.deepEqual(
    items.filter(({ metric }) => metric === 'n'),
    [
      { metric: 'n', ts: start, avg: 7.375, min: 0, max: 14.75, sum: 442.5, count: 60, first: 0, last: 14.75 },
      {
        metric: 'n',
        ts: start + 60_000,
        avg: 22.375,
        min: 15,
        max: 29.75,
        sum: 1342.5,
        count: 60,
        first: 15,
        last: 29.75,
      },
      {
        metric: 'n',
        ts: start + 120_000,
        avg: 31.125,
        min: 30,
        max: 32.25,
        sum: 311.25,
        count: 10,
        first: 30,
        last: 32.25,
      },
    ],
  );
  assert.deepEqual(items[1], { metric: 'text', ts: start, count: 60, first: 'a "0", b', last: 'a "59", b' });
  assert.deepEqual(items[2], { metric: 'even', ts: start, count: 60, first: true, last: false });
  const paged: BucketItem[] = [];
  for (let cursor = ''; ; ) {
    const page = await pageOf(`&limit=2${cursor}`);
    paged.push(...page.items);
    if (page.next === null) break;
    cursor = `&cursor=${page.next}`;
  }
  assert.deepEqual(paged, items);
  const csv = await (await ask(tools, `${path}&metric=n&limit=1`, 'text/csv')).text();
  assert.equal(csv, `metric,ts,avg,min,max,sum,count,first,last\r\nn,${start},7.375,0,14.75,442.5,60,0,14.75\r\n`);
});

test('a wrong query of readings is answered with a code', async (context) => {
  const tools = await withReadings(context, 5);
  const path = '/v1/devices/d/readings';
  const { next } = (await tools.api('GET', `${path}?limit=1`)).body as { next: string };
  const cases: [string, string, number, string][] = [
    ['?every=soon', '', 400, 'every_invalid'],
    ['?every=0s', '', 400, 'every_invalid'],
    ['?every=367d', '', 400, 'every_invalid'],
    ['?every=-5m', '', 400, 'every_invalid'],
    ['?every=99999999999999999999d', '', 400, 'every_invalid'],
    ['?from=99999999999999999', '', 400, 'range_invalid'],
    ['?to=9999999999999999', '', 400, 'range_invalid'],
    ['?limit=10001', 'text/csv', 400, 'query_invalid'],
    [`?every=1m&cursor=${next}`, '', 400, 'cursor_invalid'],
    ['', 'image/png', 406, 'not_acceptable'],
    ['', 'application/xml, image/png', 406, 'not_acceptable'],
    ['?metric=none', 'text/csv', 400, 'metric_unknown'],
  ];
  for (const [query, accept, status, code] of cases) {
    const answer = await ask(tools, path + query, accept || '*/*');
    assert.deepEqual([answer.status, ((await answer.json()) as { code: string }).code], [status, code], query + accept);
  }
  for (const accept of ['text/html, */*;q=0.1', 'application/*', 'text/*', 'TEXT/CSV;q=1'])
    assert.equal((await ask(tools, path, accept)).status, 200, accept);
});

/** A binary frame with one column of floats, one reading per ms. */
function frameOf(seq: number, base: number, rows: number): string {
  const bytes = Buffer.alloc(24 + 8 * rows);
  bytes.set([1, 1, 1, 1]);
  bytes.writeUInt32LE(seq, 4);
  bytes.writeBigInt64LE(BigInt(base), 8);
  bytes.writeUInt16LE(rows, 16);
  for (let row = 0; row < rows; row++) {
    bytes.writeUInt32LE(row, 24 + 8 * row);
    bytes.writeFloatLE(row / 4, 28 + 8 * row);
  }
  return bytes.toString('hex');
}

test('an export of any length is streamed, reads no faster than its client, and ends when the client disconnects', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('d'), '?stream=main');
  link.send({ type: 'metrics', metrics: [{ name: 'n' }] });
  const [frames, rows] = [50, 8_000];
  for (let seq = 1; seq <= frames; seq++) {
    link.sendBytes(frameOf(seq, start + seq * rows, rows));
    if (seq % 10 === 0) await link.untilAck(seq);
  }
  await tools.api('POST', '/v1/gateway/seal');
  const path = '/v1/devices/d/readings';
  const rowsRead = async (): Promise<number> =>
    Number(/^tidegate_reading_rows_read_total (\d+)$/m.exec((await tools.api('GET', '/metrics')).body)?.[1]);
  const { port } = new URL(tools.gateway.operatorUrl);
  const socket = connectTcp(Number(port), '127.0.0.1');
  context.after(() => socket.destroy());
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: x\r\nAccept: text/csv\r\nAuthorization: Bearer ${tools.gateway.adminKey}\r\n\r\n`,
  );
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  const wholeExport = async (): Promise<number> =>
    (await (await ask(tools, path, 'application/x-ndjson')).text()).trimEnd().split('\n').length;
  // When another export has been read to its end, the paused one would have ended too if nothing held it back.
  assert.equal(await wholeExport(), frames * rows);
  const held = (await rowsRead()) - frames * rows;
  assert.ok(held < 0.75 * frames * rows, `${held} rows were read for a client that does not read`);
  socket.destroy();
  assert.equal(await wholeExport(), frames * rows);
  const left = (await rowsRead()) - 2 * frames * rows;
  assert.ok(left <= held + 20_000, `${left - held} more rows were read for a client that has disconnected`);
});

async function untilDone(tools: TestGateway, { id }: JobBody): Promise<JobBody> {
  for (;;) {
    const job = (await tools.api('GET', `/v1/jobs/${id}`)).body as JobBody;
    if (job.endedAt !== null) return job;
  }
}

test('a backup of the running gateway starts as a data folder, with the same devices and readings', async (context) => {
  const tools = await withReadings(context, 200);
  await tools.api('POST', '/v1/gateway/seal');
  const folder = join(tools.data, '..', `${tools.data.split('/').at(-1)}-copy`);
  const started = await tools.api('POST', '/v1/backup', { folder });
  assert.equal(started.status, 202);
  const job = await untilDone(tools, started.body as JobBody);
  assert.deepEqual([job.state, job.error, job.filesDone], ['done', null, job.filesTotal]);
  const copy = await startOn(folder);
  context.after(async () => {
    await copy.stop();
    rmSync(folder, { recursive: true });
  });
  const [mine, copied] = await Promise.all(
    [tools.gateway.operatorUrl, copy.operatorUrl].map(async (url) => {
      const headers = { authorization: `Bearer ${tools.gateway.adminKey}`, connection: 'close' };
      const text = async (path: string): Promise<string> => (await fetch(url + path, { headers })).text();
      return [await text('/v1/devices/d/readings?limit=10000'), await text('/v1/devices/d/latest')];
    }),
  );
  assert.deepEqual(copied, mine);
  for (const [bad, why] of [
    ['relative', 'not an absolute path'],
    [join(tools.data, 'inside'), 'inside the data folder'],
    [folder, 'not an empty folder'],
  ] as const) {
    const answer = await tools.api('POST', '/v1/backup', { folder: bad });
    assert.equal(answer.status, 400);
    assert.match((answer.body as { detail: string }).detail, new RegExp(why));
  }
});

test('a removed device is erased together with its data', async (context) => {
  const tools = await withReadings(context, 50);
  await tools.api('POST', '/v1/gateway/seal');
  const link = await tools.connect(await tools.addDevice('other'), '?stream=main');
  link.send({ seq: 1, ts: start, values: { n: 1 } });
  await link.untilAck(1);
  const removed = await tools.api('DELETE', '/v1/devices/d?data=erase');
  assert.equal(removed.status, 202);
  const job = await untilDone(tools, removed.body as JobBody);
  assert.equal(job.state, 'done');
  await tools.addDevice('d');
  assert.deepEqual(((await tools.api('GET', '/v1/devices/d/readings')).body as { items: [] }).items, []);
  assert.equal(((await tools.api('GET', '/v1/devices/other/readings')).body as { items: [] }).items.length, 1);
  const audit = (await tools.api('GET', '/v1/audit')).body as { items: { action: string; subject: string }[] };
  assert.ok(audit.items.some(({ action, subject }) => action === 'device_erased' && subject === 'd'));
  assert.equal((await tools.api('DELETE', '/v1/devices/other?data=all')).status, 400);
  assert.equal((await tools.api('GET', '/v1/jobs/none')).status, 404);
  const jobs = (await tools.api('GET', '/v1/jobs')).body as { items: JobBody[] };
  assert.deepEqual(
    jobs.items.map(({ type, subject }) => [type, subject]),
    [['erase', 'd']],
  );
});

test('after the clock ran ahead, devices are accepted again once an operator confirms the clock', async (context) => {
  let now = Date.now() + 3 * 86_400_000;
  const tools = await startTestGateway(context, [], { clock: { now: () => now } });
  const device = await tools.addDevice('d');
  const link = await tools.connect(device, '?stream=main');
  link.send({ seq: 1, values: { n: 1 } });
  await link.untilAck(1);
  now -= 3 * 86_400_000;
  assert.equal((await tools.api('GET', '/readyz')).status, 503);
  assert.equal((await tools.api('POST', '/v1/gateway/confirm-clock')).status, 204);
  assert.equal((await tools.api('GET', '/readyz')).status, 200);
  await link.close();
  await tools.gateway.stop();
  const again = await startOn(tools.data, [], { clock: { now: () => now } });
  assert.equal((await fetch(`${again.operatorUrl}/readyz`)).status, 200);
  await again.stop();
});

test('after a long downtime retention removes nothing until the clock is confirmed', async (context) => {
  let now = Date.now();
  const tools = await startTestGateway(context, [], { clock: { now: () => now } });
  const link = await tools.connect(await tools.addDevice('d'), '?stream=main');
  link.send({ seq: 1, values: { n: 1 } });
  await link.untilAck(1);
  await link.close();
  await tools.gateway.stop();
  now += 60 * 86_400_000;
  const again = await startOn(tools.data, ['store.finishAfterSeconds=0'], { clock: { now: () => now } });
  const headers = { authorization: `Bearer ${again.adminKey}`, connection: 'close' };
  const status = async (): Promise<GatewayBody> =>
    (await (await fetch(`${again.operatorUrl}/v1/gateway`, { headers })).json()) as GatewayBody;
  assert.match((await status()).retentionPaused ?? '', /60\.0 days ahead of the newest commit/);
  const post = (path: string) => fetch(again.operatorUrl + path, { method: 'POST', headers });
  await post('/v1/gateway/seal');
  const days = (): string[] => readdirSync(join(tools.data, 'readings')).filter((name) => /^[\d-]+\.db$/.test(name));
  assert.equal(days().length, 1);
  await post('/v1/gateway/confirm-clock');
  assert.equal((await status()).retentionPaused, null);
  await again.stop();
});

test('a clock that stepped ahead pauses retention, also after a restart and with new commits', async (context) => {
  let now = Date.now();
  const clock = { now: () => now };
  const set = ['store.finishAfterSeconds=0'];
  const tools = await startTestGateway(context, set, { clock });
  const device = await tools.addDevice('d');
  const send = async (n: number): Promise<void> => {
    const link = await tools.connect(device, '?stream=main');
    link.send({ seq: n, values: { n } });
    await link.untilAck(n);
    await link.close();
  };
  const days = (): string[] => readdirSync(join(tools.data, 'readings')).filter((name) => /^[\d-]+\.db$/.test(name));
  await send(1);
  await tools.api('POST', '/v1/gateway/seal');
  const [good] = days();
  now += 60 * 86_400_000;
  await send(2);
  // Each seal also looks for day files to remove.
  await tools.api('POST', '/v1/gateway/seal');
  const statusOf = async (url: string): Promise<GatewayBody> => {
    const headers = { authorization: `Bearer ${tools.gateway.adminKey}`, connection: 'close' };
    return (await (await fetch(`${url}/v1/gateway`, { headers })).json()) as GatewayBody;
  };
  while ((await statusOf(tools.gateway.operatorUrl)).retentionPaused === null) await turn();
  await tools.gateway.stop();
  assert.ok(days().includes(good));
  const again = await startOn(tools.data, set, { clock });
  assert.match((await statusOf(again.operatorUrl)).retentionPaused ?? '', /stepped ahead by 60\.0 days/);
  await again.stop();
  assert.ok(days().includes(good));
});

test('a sum that is not finite is left out, so that the answer is valid JSON', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('d'), '?stream=main');
  link.send({ seq: 1, samples: [1, 2].map((n) => ({ ts: start + n, values: { big: 1.7e308 } })) });
  await link.untilAck(1);
  const path = '/v1/devices/d/readings?every=1h';
  for (const sealed of [false, true]) {
    if (sealed) await tools.api('POST', '/v1/gateway/seal');
    assert.deepEqual(((await tools.api('GET', path)).body as { items: BucketItem[] }).items, [
      { metric: 'big', ts: start, min: 1.7e308, max: 1.7e308, count: 2, first: 1.7e308, last: 1.7e308 },
    ]);
    const csv = await (await ask(tools, path, 'text/csv')).text();
    assert.equal(csv.split('\r\n')[1], `big,${start},,1.7e+308,1.7e+308,,2,1.7e+308,1.7e+308`);
  }
});

test('a data folder is refused if any of its databases has a newer version', async (context) => {
  const tools = await withReadings(context, 1);
  await tools.api('POST', '/v1/gateway/seal');
  await tools.gateway.stop();
  const { default: Database } = await import('better-sqlite3');
  const day = readdirSync(join(tools.data, 'readings')).find((name) => name.endsWith('.db')) as string;
  for (const file of ['tidegate.db', 'log.db', join('readings', day)]) {
    const db = new Database(join(tools.data, file));
    const version = db.pragma('user_version', { simple: true }) as number;
    db.pragma('user_version = 99');
    db.close();
    await assert.rejects(startOn(tools.data), { exitCode: 78 }, file);
    const again = new Database(join(tools.data, file));
    again.pragma(`user_version = ${version}`);
    again.close();
  }
  assert.ok(existsSync(join(tools.data, 'log.db')));
  mkdirSync(join(tools.data, 'unrelated'));
  writeFileSync(join(tools.data, 'readings', 'notes.txt'), 'not ours');
  const again = await startOn(tools.data);
  await again.stop();
});
