import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openTestLink } from '../../gateway/gateway.fixture.js';
import type { NewCredentialBody, ReadingItem } from '../../schemas/generated/operator.js';
import { startGatewayProcess } from '../rig/gatewayProcess.js';
import { roundsOr } from '../rig/killPoints.js';
import { tempFolder } from '../rig/tempFolder.js';

/** Longer than a writer waits for a lock (5 s); a minute in full counts. */
const heldMs = roundsOr(1) > 1 ? 60_000 : 7_000;

/** Debian's sqlite3 with a write lock on the database, until it is let go. */
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

test('a database that another process has locked loses nothing acknowledged; devices are taken again once it is free', async (context) => {
  const data = tempFolder(context);
  const gateway = await startGatewayProcess({ data });
  context.after(() => gateway.stop());
  const device = await gateway.api<NewCredentialBody>('POST', '/v1/devices', { id: 'd' });
  const connect = () => openTestLink(`${gateway.deviceUrl}?stream=main`, ['tidegate.v1.json'], device);
  const link = await connect();
  let acked = 0;
  for (; acked < 50; acked++) {
    link.send({ seq: acked + 1, values: { n: acked + 1 } });
    await link.untilAck(acked + 1);
  }
  const letGo = await holdLock(context, join(data, 'log.db'));
  const lockedAt = performance.now();
  link.send({ seq: 51, values: { n: 51 } });
  assert.equal((await link.untilClosed()).code, 4005);
  const closedMs = performance.now() - lockedAt;
  // Reads go on, and devices are told to come again later.
  assert.equal((await gateway.api<{ items: unknown[] }>('GET', '/v1/devices/d/readings?limit=1000')).items.length, 50);
  await assert.rejects(connect);
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, heldMs - (performance.now() - lockedAt))));
  await letGo();
  const freeAt = performance.now();
  let again: Awaited<ReturnType<typeof connect>> | null = null;
  while (again === null) {
    assert.ok(performance.now() - freeAt < 20_000, 'no device is taken 20 s after the lock is gone');
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
    `locked for ${Math.round(heldMs / 1000)} s; the link closed 4005 after ${(closedMs / 1000).toFixed(1)} s; devices taken again ${(backMs / 1000).toFixed(1)} s after the lock was gone`,
  );
});
