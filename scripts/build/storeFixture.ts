import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { openTestLink, startOn } from '../../gateway/gateway.fixture.js';
import type { NewCredentialBody, ReadingItem } from '../../schemas/generated/operator.js';
import { packageRoot } from '../../schemas/load.js';

/**
 * Makes gateway/store/fixtures/NAME, which is kept for each release: a data folder with a finished day and its rollups, late readings,
 * a live day, unsealed readings and a rejected frame. readings.json has the readings that every later version must return.
 * Usage: `node dist/scripts/build/storeFixture.js NAME`
 */
const name = process.argv[2];
if (!/^[\w.-]+$/.test(name ?? ''))
  throw new Error('storeFixture needs the name of the fixture as its argument, such as 0.1.0');
const data = mkdtempSync(join(tmpdir(), 'tidegate-fixture-'));
const gateway = await startOn(data, ['store.finishAfterSeconds=0']);

async function api<Body>(method: string, path: string, body?: unknown): Promise<Body> {
  const headers = {
    authorization: `Bearer ${gateway.adminKey}`,
    'content-type': 'application/json',
    connection: 'close',
  };
  const init = { method, headers, body: body === undefined ? undefined : JSON.stringify(body) };
  const text = await (await fetch(gateway.operatorUrl + path, init)).text();
  return (text === '' ? undefined : JSON.parse(text)) as Body;
}

const device = await api<NewCredentialBody>('POST', '/v1/devices', { id: 'kept-1', tags: { site: 'north' } });
const link = await openTestLink(`${gateway.deviceUrl}?stream=main`, ['tidegate.v1.json'], device);
let seq = 0;
async function send(ts: number, count: number): Promise<void> {
  const samples = Array.from({ length: count }, (_, i) => ({
    ts: ts + i * 10_000,
    values: { temperature: 20 + i / 4, count: i, door: i % 3 === 0 ? 'open' : 'closed', ok: i % 2 === 0 },
  }));
  link.send({ seq: ++seq, samples });
  await link.untilAck(seq);
}
async function until(end: string): Promise<void> {
  while (!readdirSync(join(data, 'readings')).some((file) => file.endsWith(end)))
    await new Promise((resolve) => setTimeout(resolve, 50));
}

const now = Date.now();
const yesterday = Math.floor(now / 86_400_000) * 86_400_000 - 43_200_000;
await send(yesterday, 100);
await send(now - 2_000_000, 40);
await api('POST', '/v1/gateway/seal');
await until('.rollup.db');
await send(yesterday + 5_000, 20);
link.send({ seq: ++seq, ts: now, values: { temperature: 'not a number' } });
await send(now - 1_000_000, 10);

const rows: ReadingItem[] = [];
for (let cursor = ''; ; ) {
  const path = `/v1/devices/${device.id}/readings?limit=10000${cursor}`;
  const page = await api<{ items: ReadingItem[]; next: string | null }>('GET', path);
  rows.push(...page.items);
  if (page.next === null) break;
  cursor = `&cursor=${page.next}`;
}
await link.close();
await gateway.stop();

// The fixture has no operator key; a gateway that starts on it makes one.
rmSync(join(data, 'admin.key'), { force: true });
const registry = new Database(join(data, 'tidegate.db'));
registry.exec('DELETE FROM keys; VACUUM');
registry.close();
const target = join(packageRoot, 'gateway', 'store', 'fixtures', name);
rmSync(target, { recursive: true, force: true });
for (const file of readdirSync(data, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.db'))) {
  mkdirSync(join(target, file, '..'), { recursive: true });
  writeFileSync(join(target, `${file}.gz`), gzipSync(readFileSync(join(data, file)), { level: 9 }));
}
const lines = rows.map(({ metric, ts, value }) => `    ${JSON.stringify([metric, ts, value])}`);
writeFileSync(join(target, 'readings.json'), `{\n  "${device.id}": [\n${lines.join(',\n')}\n  ]\n}\n`);
rmSync(data, { recursive: true });
console.log(`${target}: ${rows.length} readings`);
