import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openTestLink, type TestLink } from '../../gateway/gateway.fixture.js';
import type { NewCredentialBody, ReadingItem } from '../../schemas/generated/operator.js';
import { startGatewayProcess } from '../rig/gatewayProcess.js';
import { roundsOr } from '../rig/killPoints.js';
import { tempFolder } from '../rig/tempFolder.js';

/** How long the lock is held. It is longer than the writer waits for a lock (5 s), and a minute in the proof. */
const heldMs = roundsOr(1) > 1 ? 60_000 : 7_000;

/** Takes a write lock on the database with Debian's sqlite3, and returns the function that releases it. */
async function holdLock(context: TestContext, path: string): Promise<() => Promise<void>> {
  const child = spawn('sqlite3', [path], { stdio: ['pipe', 'pipe', 'inherit'] });
  context.after(() => child.kill('SIGKILL'));
  child.stdin.write(".timeout 10000\nBEGIN IMMEDIATE;\nSELECT 'locked';\n");
  await once(child.stdout, 'data');
  return async () => {
    const exited = once(child, 'exit');
    child.stdin.end('ROLLBACK;\n.quit\n');
    await exited;
  };
}

test('a database that another process locks loses nothing acknowledged, and devices reconnect when the lock is gone', async (context) => {
  const data = tempFolder(context);
  const gateway = await startGatewayProcess({ data });
  context.after(() => gateway.stop());
  const device = await gateway.api<NewCredentialBody>('POST', '/v1/devices', { id: 'd' });
  const connect = (): Promise<TestLink> =>
    openTestLink(`${gateway.deviceUrl}?stream=main`, ['tidegate.v1.json'], device);
  const link = await connect();
  let acked = 0;
  for (; acked < 50; acked++) {
    link.send({ seq: acked + 1, values: { n: acked + 1 } });
    await link.untilAck(acked + 1);
  }
  const release = await holdLock(context, join(data, 'log.db'));
  const lockedAt = performance.now();
  link.send({ seq: 51, values: { n: 51 } });
  assert.equal((await link.untilClosed()).code, 4005);
  const closedMs = performance.now() - lockedAt;
  // Queries work, and devices are refused.
  assert.equal((await gateway.api<{ items: unknown[] }>('GET', '/v1/devices/d/readings?limit=1000')).items.length, 50);
  await assert.rejects(connect);
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, heldMs - (performance.now() - lockedAt))));
  await release();
  const freeAt = performance.now();
  let again: TestLink | null = null;
  while (again === null) {
    assert.ok(performance.now() - freeAt < 20_000, 'a device can connect within 20 s after the lock is gone');
    again = await connect().catch(() => null);
    if (again === null) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const backMs = performance.now() - freeAt;
  again.send({ seq: 51, values: { n: 51 } });
  await again.untilAck(51);
  const { items } = await gateway.api<{ items: ReadingItem[] }>('GET', '/v1/devices/d/readings?limit=1000');
  assert.deepEqual(
    items.map(({ value }) => value),
    Array.from({ length: 51 }, (_, n) => n + 1),
  );
  context.diagnostic(
    `locked for ${Math.round(heldMs / 1000)} s; the link was closed with 4005 after ${(closedMs / 1000).toFixed(1)} s; a device could connect ${(backMs / 1000).toFixed(1)} s after the lock was gone`,
  );
});
