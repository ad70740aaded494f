import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openTestLink } from '../../gateway/gateway.fixture.js';
import type { NewCredentialBody, ReadingItem } from '../../schemas/generated/operator.js';
import { type GatewayProcess, spawnGateway, startGatewayProcess } from '../rig/gatewayProcess.js';
import { tempFolder } from '../rig/tempFolder.js';
import { basicAuthorization, openWireClient } from '../rig/wireClient.js';

const connect = (gateway: GatewayProcess, device: NewCredentialBody) =>
  openTestLink(`${gateway.deviceUrl}?stream=main`, ['tidegate.v1.json'], device);
const stored = async (gateway: GatewayProcess): Promise<unknown[]> =>
  (await gateway.api<{ items: ReadingItem[] }>('GET', '/v1/devices/d/readings?metric=n&limit=10000')).items.map(
    ({ value }) => value,
  );

/** Mounts a file system of this size, which is unmounted when the test ends. */
function smallDisk(context: TestContext, megabytes: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  context.after(() => {
    execFileSync('umount', ['--lazy', folder]);
    rmSync(folder, { recursive: true });
  });
  return folder;
}

test('a full disk loses nothing acknowledged and is reported, and the gateway recovers soon after there is room', async (context) => {
  const data = smallDisk(context, 24);
  // The archiver seals all the time, so that it meets the full disk too.
  const set = ['store.ballastBytes=2097152', 'store.sealReadings=1000', 'store.sealIntervalSeconds=1'];
  const gateway = await startGatewayProcess({ data, set: [...set, 'store.lowSpaceBytes=8388608'] });
  context.after(() => gateway.kill('SIGKILL'));
  const device = await gateway.api<NewCredentialBody>('POST', '/v1/devices', { id: 'd' });
  const filler = join(data, 'filler');
  const { bavail, bsize } = statfsSync(data);
  writeFileSync(filler, Buffer.alloc(bavail * bsize - 1_500_000));
  const link = await connect(gateway, device);
  let acked = 0;
  const text = 'x'.repeat(900);
  const send = (n: number): void =>
    link.send({
      seq: n,
      ts: Date.now() - 100_000 + n,
      values: { n, ...Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`pad${i}`, text])) },
    });
  const closed = await (async () => {
    try {
      for (;;) {
        send(acked + 1);
        await link.untilAck(acked + 1);
        acked++;
      }
    } catch {
      return link.untilClosed();
    }
  })();
  assert.equal(closed.code, 4005);
  assert.ok(acked > 5, `${acked} acked`);
  assert.match(closed.reason, /"retryAfterMs":\d+/);

  const refused = await openWireClient(gateway.devicePort, [basicAuthorization(device)]);
  assert.match(refused.head, /^HTTP\/1\.1 503 /);
  assert.match(refused.head, /Retry-After: \d+/);
  const expected = Array.from({ length: acked }, (_, i) => i + 1);
  assert.deepEqual(await stored(gateway), expected);
  const { status } = await fetch(`${gateway.operatorUrl}/readyz`);
  assert.equal(status, 503);
  assert.ok(gateway.log.some(({ msg }) => msg?.includes('the disk is full')));
  await gateway.line(({ msg }) => msg?.startsWith('disk space is low') ?? false);
  assert.match(await gateway.api<string>('GET', '/metrics'), /^tidegate_disk_low 1$/m);

  rmSync(filler);
  const roomAt = performance.now();
  await gateway.line(({ msg }) => msg === 'the store can be written to again');
  const seconds = (performance.now() - roomAt) / 1000;
  context.diagnostic(`${acked} frames acked before the disk was full; recovered after ${seconds.toFixed(2)} s`);
  assert.ok(seconds < 10, `${seconds} s`);
  const again = await connect(gateway, device);
  assert.equal(again.welcome.lastSeq, acked);
  again.send({ seq: acked + 1, values: { n: acked + 1 } });
  await again.untilAck(acked + 1);
  assert.deepEqual(await stored(gateway), [...expected, acked + 1]);
  await gateway.api('POST', '/v1/gateway/seal');
  assert.deepEqual(await stored(gateway), [...expected, acked + 1]);
  assert.equal(await gateway.stop(), 0);
});

test('an fsync error ends the process with a clear log line and code 74, and after a restart everything acknowledged is there', async (context) => {
  const data = tempFolder(context);
  const first = await startGatewayProcess({ data });
  const device = await first.api<NewCredentialBody>('POST', '/v1/devices', { id: 'd' });
  assert.equal(await first.stop(), 0);
  // The 30th sync and all after it fail, in every thread.
  const wrapper = [
    'strace',
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    'trace=fsync,fdatasync',
    '-e',
    'inject=fsync,fdatasync:error=EIO:when=30+',
  ];
  const gateway = await startGatewayProcess({ data, wrapper });
  context.after(() => gateway.kill('SIGKILL'));
  const link = await connect(gateway, device);
  let acked = 0;
  try {
    for (;;) {
      link.send({ seq: acked + 1, ts: Date.now() - 100_000 + acked, values: { n: acked + 1 } });
      await link.untilAck(acked + 1);
      acked++;
    }
  } catch {
    // The gateway has ended.
  }
  assert.equal(await gateway.exited, 74);
  assert.ok(acked > 0);
  assert.ok(
    gateway.log.some(({ msg, code }) => msg?.startsWith('the disk failed') && code === 'SQLITE_IOERR_FSYNC'),
    JSON.stringify(gateway.log.slice(-3)),
  );
  const again = await startGatewayProcess({ data });
  context.after(() => again.kill('SIGKILL'));
  const values = await stored(again);
  assert.deepEqual(
    values.slice(0, acked),
    Array.from({ length: acked }, (_, i) => i + 1),
  );
  assert.equal(await again.stop(), 0);
});

test('a commit is synced to the disk before its ack is sent', async (context) => {
  const data = tempFolder(context);
  const gateway = await startGatewayProcess({ data });
  context.after(() => gateway.kill('SIGKILL'));
  const device = await gateway.api<NewCredentialBody>('POST', '/v1/devices', { id: 'd' });
  const trace = join(data, 'trace');
  const calls = 'trace=fsync,fdatasync,write,writev,sendto,sendmsg,pwrite64';
  const strace = spawn('strace', ['-f', '-y', '-p', String(gateway.pid), '-o', trace, '-e', calls], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  context.after(() => strace.kill('SIGKILL'));
  await once(strace.stderr, 'data');
  const link = await connect(gateway, device);
  for (let seq = 1; seq <= 5; seq++) {
    link.send({ seq, values: { n: seq } });
    await link.untilAck(seq);
  }
  strace.kill('SIGINT');
  await once(strace, 'exit');
  const lines = readFileSync(trace, 'utf8').split('\n');
  for (let seq = 1; seq <= 5; seq++) {
    const ack = lines.findIndex((line) => line.includes(`\\"ack\\",\\"seq\\":${seq}}`));
    const commit = lines
      .slice(0, ack)
      .findLastIndex((line) => line.includes('log.db-wal') && line.includes('pwrite64'));
    const sync = lines.slice(0, ack).findLastIndex((line) => line.includes('log.db-wal') && /f(data)?sync/.test(line));
    assert.ok(
      ack > 0 && commit > 0 && sync > commit,
      `ack ${seq}: written at ${commit}, synced at ${sync}, sent at ${ack}`,
    );
  }
  assert.equal(await gateway.stop(), 0);
});

test('a second process on the same data folder exits with code 75, one on a port in use with 69, one on newer data with 78, and each prints the reason', async (context) => {
  const data = tempFolder(context);
  const gateway = await startGatewayProcess({ data });
  context.after(() => gateway.kill('SIGKILL'));
  const second = spawnGateway({ data });
  assert.equal(await second.exited, 75);
  assert.match(second.errors(), /Another gateway runs on the data folder/);
  const other = spawnGateway({ data: tempFolder(context), set: [`device.port=${gateway.devicePort}`] });
  assert.equal(await other.exited, 69);
  assert.match(other.errors(), new RegExp(`Port ${gateway.devicePort} on 127.0.0.1 is in use`));
  assert.equal(await gateway.stop(), 0);
  execFileSync('sqlite3', [join(data, 'log.db'), 'PRAGMA user_version = 99']);
  const newer = spawnGateway({ data });
  assert.equal(await newer.exited, 78);
  assert.match(newer.errors(), /version 99/);
});
