import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import type { GatewayBody, ReadingItem } from '../schemas/generated/operator.js';
import { packageRoot } from '../schemas/load.js';
import type { Scalar } from './domain/series.js';
import { gatewayTools, startOn } from './gateway.fixture.js';
import type { Gateway } from './gateway.js';

const fixtures = join(packageRoot, 'gateway', 'store', 'fixtures');

/** The data folder as it was left by the version of that name. */
function unpack(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-upgrade-'));
  for (const file of readdirSync(join(fixtures, name), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.gz')) continue;
    const path = join(folder, file.slice(0, -3));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, gunzipSync(readFileSync(join(fixtures, name, file))));
  }
  // Nobody has its keys any more; the first start makes one.
  const registry = new Database(join(folder, 'tidegate.db'));
  registry.exec('DELETE FROM keys');
  registry.close();
  return folder;
}

for (const name of readdirSync(fixtures)) {
  test(`a data folder of ${name} starts, and answers what it did: at once, sealed, and after another start`, async (context) => {
    const folder = unpack(name);
    const expected = JSON.parse(readFileSync(join(fixtures, name, 'readings.json'), 'utf8')) as Record<
      string,
      [string, number, Scalar][]
    >;
    let running: Gateway | null = null;
    context.after(async () => {
      await running?.stop();
      rmSync(folder, { recursive: true, force: true });
    });
    // The clock of its time: nothing of it is too old.
    const now = 60_000 + Math.max(...Object.values(expected).flatMap((rows) => rows.map(([, ts]) => ts)));
    for (const start of [1, 2]) {
      const gateway = await startOn(folder, [], { clock: { now: () => now } });
      running = gateway;
      const { api } = gatewayTools(gateway, folder);
      const check = async (): Promise<void> => {
        for (const [id, rows] of Object.entries(expected)) {
          const found: [string, number, Scalar][] = [];
          for (let cursor = ''; ; ) {
            const page = (await api('GET', `/v1/devices/${id}/readings?limit=500${cursor}`)).body as {
              items: ReadingItem[];
              next: string | null;
            };
            found.push(...page.items.map(({ metric, ts, value }): [string, number, Scalar] => [metric, ts, value]));
            if (page.next === null) break;
            cursor = `&cursor=${page.next}`;
          }
          assert.deepEqual(found, rows, `${id}, start ${start}`);
        }
      };
      await check();
      assert.equal((await api('POST', '/v1/gateway/seal')).status, 204);
      assert.equal(((await api('GET', '/v1/gateway')).body as GatewayBody).unsealedReadings, 0);
      await check();
      await gateway.stop();
    }
  });
}
