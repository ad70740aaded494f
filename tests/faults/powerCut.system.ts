import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { uniform } from '../../device-sim/fleet/signals.js';
import { gatewayTools, openTestLink, startOn } from '../../gateway/gateway.fixture.js';
import type { NewCredentialBody, ReadingItem } from '../../schemas/generated/operator.js';
import { commitSyncs, type DiskOperation, diskTracer, filesAfterPowerCut, readDiskTrace } from '../rig/diskTrace.js';
import { childOf, startGatewayProcess } from '../rig/gatewayProcess.js';
import { roundsOr } from '../rig/killPoints.js';
import { tempFolder } from '../rig/tempFolder.js';

const seed = 20_261_125;
const frames = 150;
const framesPerSeal = 60;
const rounds = roundsOr(8);
const set = ['store.ballastBytes=0'];
/** Makes frames so large that SQLite checkpoints its write-ahead log during the test. */
const padding = Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`pad${i}`, 'x'.repeat(900)]));

/** Sends frames, each after the ack of the one before, with seals between them, and traces what the gateway does to its files. */
async function traceGateway(context: TestContext): Promise<{ operations: DiskOperation[]; key: string }> {
  const folder = tempFolder(context);
  const data = join(folder, 'data');
  const output = join(folder, 'trace');
  const gateway = await startGatewayProcess({ data, set, wrapper: diskTracer(output) });
  const pid = childOf(gateway.pid);
  try {
    const device = await gateway.api<NewCredentialBody>('POST', '/v1/devices', { id: 'd' });
    const link = await openTestLink(`${gateway.deviceUrl}?stream=main`, ['tidegate.v1.json'], device);
    const start = Date.now() - 100_000;
    for (let seq = 1; seq <= frames; seq++) {
      link.send({ seq, ts: start + seq, values: { n: seq, ...padding } });
      await link.untilAck(seq);
      if (seq % framesPerSeal === 0) await gateway.api('POST', '/v1/gateway/seal');
    }
  } finally {
    process.kill(pid, 'SIGKILL');
    await gateway.exited;
  }
  const operations = readDiskTrace(output, data);
  // The trace is complete if all of its operations together make the files on the disk.
  const files = filesAfterPowerCut(operations, { at: operations.length, survives: () => true });
  const names = readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('-shm'))
    .map((entry) => join(entry.parentPath, entry.name).slice(data.length + 1));
  assert.deepEqual([...files.keys()].sort(), names.sort());
  for (const name of names) assert.ok(files.get(name)?.equals(readFileSync(join(data, name))), name);
  return { operations, key: gateway.key };
}

/** The seq of the last frame whose ack was sent before that operation. */
function ackedBefore(operations: DiskOperation[], at: number): number {
  const acks = operations
    .slice(0, at)
    .map((operation) => (operation.call === 'send' ? /"ack","seq":(\d+)/.exec(operation.text)?.[1] : undefined));
  return Number(acks.findLast((seq) => seq !== undefined) ?? 0);
}

/**
 * The values that a gateway returns which is started on these files; none if it does not know the key, the device or the metric. The key
 * is the one that the traced gateway printed, because the copy of it in admin.key is not what this test is about.
 */
async function valuesIn(
  context: TestContext,
  files: Map<string, Buffer>,
  key: string,
  where: string,
): Promise<unknown[]> {
  const folder = tempFolder(context);
  mkdirSync(join(folder, 'readings'), { recursive: true });
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  const tools = gatewayTools(await startOn(folder, set), folder);
  let values: unknown[] = [];
  try {
    const { status, body } = await tools.api('GET', '/v1/devices/d/readings?metric=n&limit=10000', undefined, key);
    if (status === 200) values = (body as { items: ReadingItem[] }).items.map(({ value }) => value);
    else assert.ok([400, 401, 404].includes(status), `${where}: status ${status}`);
  } finally {
    await tools.gateway.stop();
  }
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.db')) continue;
    const db = new Database(join(folder, name), { readonly: true });
    assert.equal(db.pragma('integrity_check', { simple: true }), 'ok', `${where}: ${name}`);
    db.close();
  }
  return values;
}

/**
 * After a SIGKILL the kernel still writes its page cache to the disk; after a power cut it cannot. So the test traces the writes and syncs
 * of a gateway, and rebuilds its files as a power cut at some moment would leave them.
 */
test('a power cut at any moment loses no acknowledged frame, and with synchronous=NORMAL it would', async (context) => {
  const { operations, key } = await traceGateway(context);
  const syncs = operations.filter(({ call }) => call === 'sync').length;
  const hasCheckpoint = operations.some(
    (operation) => operation.call === 'write' && operation.file === 'log.db' && operation.offset !== 0,
  );
  assert.ok(hasCheckpoint, 'SQLite checkpointed its write-ahead log during the test');
  assert.equal(ackedBefore(operations, operations.length), frames);
  // With NORMAL, SQLite would not sync the write-ahead log at a commit. So the same trace without these syncs shows that mode.
  const withoutSyncs = commitSyncs(operations, 'log.db');
  const prefix = (length: number): number[] => Array.from({ length }, (_, i) => i + 1);
  const lost = { synced: 0, normal: 0 };
  const checked = { synced: 0, normal: 0 };
  for (let round = 0; round < rounds; round++) {
    const at = Math.floor(((round + uniform(seed, 0, round)) / rounds) * operations.length);
    const acked = ackedBefore(operations, at);
    let coin = 0;
    const tossed = (): boolean => uniform(seed, round + 1, coin++) < 0.5;
    for (const [name, survives] of [
      ['nothing', () => false],
      ['some', tossed],
    ] as const) {
      const where = `cut at ${at} of ${operations.length}, ${acked} acked, ${name} that was not synced survives`;
      const values = await valuesIn(context, filesAfterPowerCut(operations, { at, survives }), key, where);
      checked.synced += acked;
      lost.synced += Math.max(0, acked - values.length);
      assert.ok(values.length === acked || values.length === acked + 1, `${where}: ${values.length} frames`);
      assert.deepEqual(values, prefix(values.length), where);
    }
    // Every second round is enough for NORMAL.
    if (round % 2 === 1) continue;
    const files = filesAfterPowerCut(operations, { at, survives: () => false, withoutSyncs });
    const values = await valuesIn(context, files, key, `cut at ${at} with NORMAL`);
    assert.deepEqual(values, prefix(values.length));
    checked.normal += acked;
    lost.normal += Math.max(0, acked - values.length);
  }
  context.diagnostic(
    `${operations.length} operations traced, ${syncs} of them syncs; ${rounds} cut points, ${2 * rounds} folders, ${checked.synced} acknowledged frames checked, ${lost.synced} lost; without the ${withoutSyncs.size} syncs of commits, ${lost.normal} of ${checked.normal} lost`,
  );
  assert.ok(lost.normal > 0, 'the test would notice a missing sync');
});
