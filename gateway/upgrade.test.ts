import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import type { AuditPage, DeviceBody, GatewayBody, JobBody } from '../schemas/generated/operator.js';
import { gatewayTools, startOn } from './gateway.fixture.js';
import type { Gateway } from './gateway.js';
import { readAnswers } from './store/answers.fixture.js';
import { expectedOf, releases, unpackRelease } from './store/release.fixture.js';
import { batchOf, openTestStore, queryOf, readTriples, type Triple } from './store/store.fixture.js';

for (const name of releases) {
  test(`a data folder of ${name} gives the same answers at once, sealed, and after another start`, async (context) => {
    const { at, answers } = expectedOf(name);
    assert.ok(Object.values(answers.readings).some((rows) => rows.length > 0));
    let running: Gateway | null = null;
    // Hooks run in the order in which they were added, so the gateway stops before its folder is removed.
    context.after(() => running?.stop());
    const folder = unpackRelease(context, name);
    // The clock is set to the time of the release, so that no reading is too old and no command has expired.
    const clock = { now: () => at + 60_000 };
    for (const start of [1, 2]) {
      const gateway = await startOn(folder, [], { clock });
      running = gateway;
      const { api } = gatewayTools(gateway, folder);
      assert.deepEqual(await readAnswers(api), answers, `start ${start}`);
      assert.equal((await api('POST', '/v1/gateway/seal')).status, 204);
      assert.equal(((await api('GET', '/v1/gateway')).body as GatewayBody).unsealedReadings, 0);
      assert.deepEqual(await readAnswers(api), answers, `start ${start}, sealed`);
      await gateway.stop();
      running = null;
    }
  });

  test(`a data folder of ${name} gives its marks, tables, open commands and batches, before and after a seal`, async (context) => {
    const { at, marks, answers } = expectedOf(name);
    const folder = unpackRelease(context, name);
    for (const start of [1, 2]) {
      const { store, restored } = await openTestStore(context, folder, { now: () => at, archiveFailed: assert.fail });
      const kept = restored.devices.find(({ id }) => id === 'kept-1');
      const found = restored.streams.filter(({ deviceKey, kept: isKept }) => deviceKey === kept?.key && isKept);
      assert.deepEqual(Object.fromEntries(found.map(({ name: stream, mark }) => [stream, mark])), marks);
      assert.deepEqual(
        restored.tables.map(({ table, metrics }) => [table, metrics.map(({ name: metric }) => metric)]),
        [[3, ['pressure']]],
      );
      const open = Object.values(answers.commands)
        .flat()
        .filter((command) => 'endedAt' in command && command.endedAt === null);
      assert.deepEqual(
        restored.commands.map(({ id }) => id).sort(),
        open.map((command) => ('id' in command ? command.id : null)).sort(),
      );
      assert.deepEqual(
        restored.batches.map(({ batch }) => batch.id),
        answers.batches.map((batch) => ('id' in batch ? batch.id : null)),
      );
      assert.deepEqual(restored.erasures, []);
      assert.ok(start === 1 ? restored.replayedReadings > 0 : restored.replayedReadings === 0);
      await store.seal();
      await store.close();
    }
  });
}

test('a device of 0.1.0 has no name and no notes; those that it gets are kept over a restart', async (context) => {
  let running: Gateway | null = null;
  context.after(() => running?.stop());
  const folder = unpackRelease(context, '0.1.0');
  const clock = { now: () => expectedOf('0.1.0').at + 60_000 };
  const start = async () => {
    running = await startOn(folder, [], { clock });
    return gatewayTools(running, folder);
  };
  const first = await start();
  const before = (await first.api('GET', '/v1/devices/kept-1')).body as DeviceBody;
  assert.deepEqual([before.name, before.notes], [null, null]);
  const about = { name: 'Boiler of the north hall', notes: 'Serviced in May.\nValve 3 is stiff.' };
  assert.equal((await first.api('PATCH', '/v1/devices/kept-1', about)).status, 200);
  await first.gateway.stop();
  const second = await start();
  assert.deepEqual((await second.api('GET', '/v1/devices/kept-1')).body, { ...before, ...about });
  assert.equal((await second.api('PATCH', '/v1/devices/kept-1', { notes: null })).status, 200);
  await second.gateway.stop();
  const third = await start();
  const after = (await third.api('GET', '/v1/devices/kept-1')).body as DeviceBody;
  assert.deepEqual([after.name, after.notes, after.tags], [about.name, null, before.tags]);
});

/** The user_version of each day file: 1 with a row per reading, 2 packed. */
function dayVersions(folder: string): Record<string, unknown> {
  const versions: Record<string, unknown> = {};
  for (const name of ['2026-11-29.db', '2026-11-29.late.db', '2026-11-29.rollup.db', '2026-11-30.db']) {
    const db = new Database(join(folder, 'readings', name), { readonly: true });
    versions[name] = db.pragma('user_version', { simple: true });
    db.close();
  }
  return versions;
}

test('readings for a live and a late file of 0.1.0 pack both, and a reading that is in their rows is a repeat', async (context) => {
  const { at } = expectedOf('0.1.0');
  const folder = unpackRelease(context, '0.1.0');
  const { store, restored } = await openTestStore(context, folder, { now: () => at, archiveFailed: assert.fail });
  const known = restored.series.filter(({ device }) => device === 'kept-1');
  const temperature = known.find(({ metric, deviceKey }) => metric === 'temperature' && deviceKey === 1);
  assert.ok(temperature !== undefined);
  const before = await readTriples(store, queryOf(known));
  const times = before.filter(([series]) => series === temperature.id).map(([, ts]) => ts);
  const lateFile = new Database(join(folder, 'readings', '2026-11-29.late.db'), { readonly: true });
  const inLate = "SELECT min(ts) FROM readings WHERE device = 'kept-1' AND metric = 'temperature'";
  const late = lateFile.prepare<[], number>(inLate).pluck().get() as number;
  lateFile.close();
  // Of the finished day, of its late file, and of the day that is not finished.
  const stored = [times[0], late, times[times.length - 2]];
  assert.ok(times.includes(late) && times[times.length - 2] > 1_796_000_000_000);
  const added = stored.map((ts, i): Triple => [temperature.id, ts + 1, i / 10]);
  await store.commit(batchOf(1_000, [...stored.map((ts): Triple => [temperature.id, ts, -99]), ...added]), at);
  await store.seal();
  const versions = dayVersions(folder);
  assert.deepEqual([versions['2026-11-29.late.db'], versions['2026-11-30.db']], [2, 2]);
  assert.deepEqual([versions['2026-11-29.db'], versions['2026-11-29.rollup.db']], [1, 1]);
  const byTime = (a: [number, number, unknown], b: [number, number, unknown]): number => a[1] - b[1] || a[0] - b[0];
  assert.deepEqual((await readTriples(store, queryOf(known))).sort(byTime), [...before, ...added].sort(byTime));
});

test('POST /v1/pack packs the finished days, is audited, and is refused to an operator', async (context) => {
  const { at, answers } = expectedOf('0.1.0');
  let running: Gateway | null = null;
  context.after(() => running?.stop());
  const folder = unpackRelease(context, '0.1.0');
  running = await startOn(folder, [], { clock: { now: () => at + 60_000 } });
  const { api } = gatewayTools(running, folder);
  const operator = (await api('POST', '/v1/keys', { name: 'shift', role: 'operator' })).body as { key: string };
  assert.equal((await api('POST', '/v1/pack', undefined, operator.key)).status, 403);
  const started = await api('POST', '/v1/pack');
  assert.equal(started.status, 202);
  let job = started.body as JobBody;
  while (job.endedAt === null) job = (await api('GET', `/v1/jobs/${job.id}`)).body;
  assert.deepEqual(
    [job.type, job.subject, job.state, job.error, job.filesDone, job.filesTotal],
    ['pack', 'readings', 'done', null, 1, 1],
  );
  const audit = (await api('GET', '/v1/audit?action=packing_started')).body as AuditPage;
  assert.deepEqual(
    audit.items.map(({ by, detail }) => [typeof by, detail]),
    [['string', null]],
  );
  const versions = dayVersions(folder);
  assert.deepEqual([versions['2026-11-29.db'], versions['2026-11-29.rollup.db']], [2, 2]);
  assert.deepEqual(await readAnswers(api), answers);
});

test('a day file of a newer version is refused with exit code 78 and left as it is, as 0.1 refuses a packed one', async (context) => {
  for (const name of ['2026-11-29.db', '2026-11-29.late.db', '2026-11-29.rollup.db', '2026-11-30.db']) {
    const folder = unpackRelease(context, '0.1.0');
    const path = join(folder, 'readings', name);
    const db = new Database(path);
    db.pragma('user_version = 3');
    db.close();
    const before = readFileSync(path);
    await assert.rejects(startOn(folder), (error: Error & { exitCode?: number }) => {
      assert.match(error.message, new RegExp(`${name} has version 3; this Tidegate knows up to 2`));
      assert.equal(error.exitCode, 78);
      return true;
    });
    assert.deepEqual(readFileSync(path), before);
  }
});

test('a data folder of a development version before 0.1.0 is refused with exit code 78, and is left as it is', async (context) => {
  for (const [file, version] of [
    ['log.db', 1],
    ['log.db', 2],
    ['tidegate.db', 1],
    ['tidegate.db', 3],
  ] as const) {
    const folder = unpackRelease(context, '0.1.0');
    const db = new Database(join(folder, file));
    db.pragma(`user_version = ${version}`);
    db.close();
    const before = readFileSync(join(folder, file));
    await assert.rejects(startOn(folder), (error: Error & { exitCode?: number }) => {
      assert.match(
        error.message,
        new RegExp(`${file} has version ${version}, of a development version before 0\\.1\\.0; .*empty data folder`),
      );
      assert.equal(error.exitCode, 78);
      return true;
    });
    assert.deepEqual(readFileSync(join(folder, file)), before);
  }
});
