import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { gatewayTools, startOn, type TestLink } from '../../gateway/gateway.fixture.js';
import { readAnswers } from '../../gateway/store/answers.fixture.js';
import { packageRoot } from '../../schemas/load.js';

/**
 * Makes gateway/store/fixtures/NAME: a data folder as this version of Tidegate leaves it, and in answers.json what every later
 * version must answer about it (gateway/upgrade.test.ts).
 *
 * Each release makes its own fixture, once, when its version is set: `npm run build && node dist/scripts/build/storeFixture.js
 * VERSION`, and commits it. A fixture that was released is never made again: it stands for the folders that users have. If a
 * release stores something new, extend this script and gateway/store/answers.fixture.ts first.
 *
 * In the folder:
 *   - a finished day with its rollup, a late file beside it, a live day, and readings that are only in the log
 *   - readings of every kind, out of JSON and binary frames, with a metric table, on two streams of one device
 *   - a refused frame; a disabled device
 *   - an id whose first device was removed and erased; a removed device whose readings stay
 *   - commands that succeeded, failed, were cancelled, wait for the device, and are under way; a batch with members that wait
 */
const name = process.argv[2];
if (!/^\d+\.\d+\.\d+$/.test(name ?? '')) throw new Error('Give the version of the release, such as 0.1.0');
const data = mkdtempSync(join(tmpdir(), 'tidegate-fixture-'));
const hourMs = 3_600_000;
const started = Date.now();
let now = started;
const noonYesterday = Math.floor(started / (24 * hourMs)) * 24 * hourMs - 12 * hourMs;
const gateway = await startOn(data, ['store.finishAfterSeconds=3600'], { clock: { now: () => now } });
const { api, addDevice, connect } = gatewayTools(gateway, data);

async function must<Body = unknown>(method: string, path: string, body?: unknown): Promise<Body> {
  const answer = await api(method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100));

let seq = 0;
async function send(link: TestLink, ts: number, count: number): Promise<void> {
  const samples = Array.from({ length: count }, (_, i) => ({
    ts: ts + i * 10_000,
    values: { temperature: 20 + i / 4, count: i, door: i % 3 === 0 ? 'open' : 'closed', ok: i % 2 === 0 },
  }));
  link.send({ seq: ++seq, samples });
  await link.untilAck(seq);
}

/** A device that sends one reading, and leaves. */
async function addOwner(id: string, value: number): Promise<void> {
  const link = await connect(await addDevice(id));
  link.send({ seq: 1, ts: noonYesterday, values: { owner: value } });
  await link.untilAck(1);
  await link.close();
}

async function command(device: string, body: object): Promise<string> {
  return (await must<{ id: string }>('POST', `/v1/devices/${device}/commands`, body)).id;
}

const kept = await addDevice('kept-1', { tags: { site: 'north' } });
let link = await connect(kept, '?stream=main');
await send(link, noonYesterday, 100);
await addOwner('twice', 1);
await addOwner('left', 1);

// The first owner of the id is erased out of every file; the readings of the other removed device stay.
const job = await must<{ id: string }>('DELETE', '/v1/devices/twice?data=erase');
for (let state = ''; state !== 'done'; await pause()) {
  state = (await must<{ state: string }>('GET', `/v1/jobs/${job.id}`)).state;
  if (state === 'failed') throw new Error('the erasure failed');
}
await must('DELETE', '/v1/devices/left');
await addOwner('twice', 2);
await must('POST', '/v1/gateway/seal');

// Yesterday is finished an hour after its last seal; what comes then is late, and this hour is not over.
now += hourMs + 60_000;
while (!readdirSync(join(data, 'readings')).some((file) => file.endsWith('.rollup.db'))) await pause();
await send(link, noonYesterday + 5_000, 20);
await send(link, now - 60_000, 6);
await must('POST', '/v1/gateway/seal');

await addDevice('disabled-1', { tags: { site: 'south' } });
await must('PATCH', '/v1/devices/disabled-1', { state: 'disabled' });

const ends = {
  succeed: { state: 'succeeded', result: { sum: 3 } },
  fail: { state: 'failed', error: { code: 'lost' } },
};
for (const [word, end] of Object.entries(ends)) {
  const id = await command('kept-1', { name: word, params: { a: 1 }, ttlSeconds: 86_400, deadlineSeconds: 86_400 });
  for (const update of [{ state: 'received' }, end]) link.send({ type: 'command_update', id, ...update });
  await must('GET', `/v1/commands/${id}?wait=30`);
}
const running = await command('kept-1', { name: 'run', params: {}, ttlSeconds: 86_400, deadlineSeconds: 86_400 });
link.send({ type: 'command_update', id: running, state: 'received' });
for (let state = ''; state !== 'received'; await pause())
  state = (await must<{ state: string }>('GET', `/v1/commands/${running}`)).state;
const cancelled = await command('twice', { name: 'cancelled', ttlSeconds: 86_400 });
await must('DELETE', `/v1/commands/${cancelled}`);
await command('twice', { name: 'waits', ttlSeconds: 86_400 });
const target = { ids: ['twice', 'kept-1'] };
await must('POST', '/v1/command-batches', { target, name: 'all', ttlSeconds: 86_400, concurrency: 1 });

// Only in the log: a metric table and a binary frame of it, a refused frame, readings of a second stream.
link.send({ type: 'metrics', table: 3, metrics: [{ name: 'pressure', unit: 'Pa', scale: 0.5 }] });
const frame = Buffer.from(`0101010100000000${'ff'.repeat(8)}01000300${'00'.repeat(8)}0000ac41`, 'hex');
frame.writeUInt32LE(++seq, 4);
link.sendBytes(frame.toString('hex'));
await link.untilAck(seq);
link.send({ seq: ++seq, ts: now, values: { temperature: 'not a number' } });
await send(link, now - 30_000, 2);
await link.close();
const marks = { main: seq, second: 1 };
link = await connect(kept, '?stream=second');
link.send({ seq: 1, ts: now - 10_000, values: { temperature: 40, note: 'second stream' } });
await link.untilAck(1);
await link.close();

const answers = await readAnswers(api);
await gateway.stop();

// Its keys are nobody's: the first start makes one.
rmSync(join(data, 'admin.key'), { force: true });
const registry = new Database(join(data, 'tidegate.db'));
registry.exec('DELETE FROM keys; VACUUM');
registry.close();
const folder = join(packageRoot, 'gateway', 'store', 'fixtures', name);
rmSync(folder, { recursive: true, force: true });
for (const file of readdirSync(data, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.db'))) {
  mkdirSync(join(folder, file, '..'), { recursive: true });
  writeFileSync(join(folder, `${file}.gz`), gzipSync(readFileSync(join(data, file)), { level: 9 }));
}
writeFileSync(join(folder, 'answers.json'), `${JSON.stringify({ at: now, marks, answers })}\n`);
rmSync(data, { recursive: true });
console.log(`${folder}: ${answers.readings['kept-1'].length} readings of kept-1`);
process.exit();
