import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startTestGateway } from '../gateway/gateway.fixture.js';
import { commitDay } from '../gateway/store/exporting/exporting.fixture.js';
import { folderFor, openTestStore } from '../gateway/store/store.fixture.js';
import { tempFolder } from '../tests/rig/tempFolder.js';
import { mainFile, runCli as run } from './cli.fixture.js';

test('tidegate export writes the same files through a gateway and from the data folder of one that stopped', async (context) => {
  const tools = await startTestGateway(context);
  const parent = tempFolder(context);
  const link = await tools.connect(await tools.addDevice('a', { tags: { site: 'north' } }), '?stream=main');
  const ts = Date.parse(new Date().toISOString().slice(0, 10)) - 86_400_000;
  for (let day = 0; day < 2; day++)
    link.send({ seq: day + 1, ts: ts + day * 86_400_000, values: { temperature: 21.5, note: 'say "so"' } });
  await link.untilAck(2);
  const span = ['--from', String(ts), '--to', String(ts + 2 * 86_400_000)];
  const online = join(parent, 'online');
  const ran = await run(tools, 'export', ...span, '--format', 'csv', '--out', online);
  assert.deepEqual([ran.code, ran.err], [0, '']);
  assert.match(ran.out, /online has 2 days\. This run wrote 4 readings, \d+ B\./);
  const [first] = readdirSync(online);
  assert.equal(
    readFileSync(join(online, first), 'utf8'),
    `device,metric,unit,ts,value\na,note,,${ts},"say ""so"""\na,temperature,,${ts},21.5\n`,
  );
  const json = await run(tools, 'export', ...span, '--format', 'csv', '--out', online, '--json');
  const { type, state, filesDone, readings } = JSON.parse(json.out);
  assert.deepEqual({ type, state, filesDone, readings }, { type: 'export', state: 'done', filesDone: 2, readings: 0 });
  const unknown = await run(tools, 'export', ...span, '--out', join(parent, 'x'), '--device', 'nobody');
  assert.deepEqual([unknown.code, /^There is no device nobody\..*\(device_unknown\)\n$/.test(unknown.err)], [1, true]);

  await tools.gateway.stop();
  const here = async (...args: string[]) => run(null, 'export', ...span, '--data', tools.data, ...args);
  const offline = join(parent, 'offline');
  const alone = await here('--format', 'csv', '--out', offline, '--tag', 'site=north');
  assert.deepEqual([alone.code, alone.err], [0, '']);
  for (const name of readdirSync(online).filter((name) => name !== 'export.json'))
    assert.deepEqual(readFileSync(join(offline, name)), readFileSync(join(online, name)));
  const nobody = await here('--out', join(parent, 'y'), '--device', 'nobody');
  assert.deepEqual([nobody.code, nobody.err], [1, 'There is no device nobody. Check the id. (device_unknown)\n']);
  const south = await here('--out', join(parent, 'y'), '--tag', 'site=south');
  assert.deepEqual(
    [south.code, south.err],
    [1, 'The target matches no device. Choose other tags or another model. (target_empty)\n'],
  );
  const other = await here('--format', 'ndjson', '--out', offline);
  assert.equal(other.code, 1);
  assert.match(other.err, /^export of .*offline failed: .* has an export of the format csv/);
  assert.match((await here('--out', join(tools.data, 'below'))).err, /is inside the data folder/);
});

test('tidegate export without what it needs says so', async (context) => {
  const parent = tempFolder(context);
  const out = ['--out', join(parent, 'out')];
  const usage = async (...args: string[]) => {
    const { code, err } = await run(null, 'export', '--data', join(parent, 'none'), ...args);
    assert.equal(code, 64, err);
    return err;
  };
  assert.match(await usage('--from', '-1d', '--to', '-1h'), /required option '--out <dir>'/);
  assert.match(await usage('--from', '-1d', ...out), /required option '--to <t>'/);
  assert.match(await usage('--from', '-1h', '--to', '-1d', ...out), /--from -1h is not before --to -1d/);
  assert.match(await usage('--from', 'monday', '--to', '-1d', ...out), /"monday" is not a time/);
  assert.match(await usage('--from', '-1d', '--to', '-1h', '--format', 'xlsx', ...out), /xlsx/);
  const both = await usage('--from', '-1d', '--to', '-1h', '--device', 'a', '--model', 'm', ...out);
  assert.match(both, /Give only one of --device, --tag and --model/);
  writeFileSync(join(parent, 'file'), '');
  assert.match(await usage('--from', '-1d', '--to', '-1h', '--tag', 'site', ...out), /"site" is not a tag/);
});

test('readings that are only in the log of a stopped gateway are named as missing', async (context) => {
  const tools = await startTestGateway(context);
  const out = join(tempFolder(context), 'out');
  const link = await tools.connect(await tools.addDevice('a'), '?stream=main');
  link.send({ seq: 1, values: { temperature: 21.5 } });
  await link.untilAck(1);
  await tools.gateway.stop();
  const ran = await run(
    null,
    'export',
    '--data',
    tools.data,
    '--from',
    '-1d',
    '--to',
    String(Date.now()),
    '--out',
    out,
  );
  assert.equal(ran.code, 0);
  assert.match(ran.err, /^1 reading not sealed yet, so missing in the export/);
});

test('an export that is killed or interrupted in its second file is continued there by the same command', async (context) => {
  const data = folderFor(context);
  const { store } = await openTestStore(context, data);
  for (let day = 0; day < 3; day++) await commitDay(store, day + 1, day, 40_000);
  await store.seal();
  await store.close();
  const [whole, killed, interrupted] = [1, 2, 3].map(() => tempFolder(context));
  const argsFor = (out: string): string[] => {
    return ['export', '--data', data, '--from', '2026-11-22', '--to', '2026-11-26', '--format', 'sqlite', '--out', out];
  };
  assert.equal((await run(null, ...argsFor(whole))).code, 0);
  for (const [out, signal] of [
    [killed, 'SIGKILL'],
    [interrupted, 'SIGINT'],
  ] as const) {
    mkdirSync(out, { recursive: true });
    const watcher = watch(out);
    const child = spawn(process.execPath, [mainFile, ...argsFor(out)], { stdio: 'ignore' });
    watcher.on('change', (_, name) => {
      if (name === '2026-11-23.sqlite.part' && !child.killed) child.kill(signal);
    });
    const [code, by] = await new Promise<[number | null, string | null]>((resolve) =>
      child.on('exit', (...how) => resolve(how)),
    );
    watcher.close();
    assert.deepEqual([code, by], signal === 'SIGKILL' ? [null, 'SIGKILL'] : [130, null]);
    const left = readdirSync(out).filter((name) => name !== 'export.json');
    assert.deepEqual(left, ['2026-11-22.sqlite', ...(signal === 'SIGKILL' ? ['2026-11-23.sqlite.part'] : [])]);
    const resumed = await run(null, ...argsFor(out));
    assert.match(resumed.out, /has 3 days\. This run wrote 320,000 readings/);
    for (const name of readdirSync(whole))
      assert.deepEqual(readFileSync(join(out, name)), readFileSync(join(whole, name)));
    assert.equal(readdirSync(out).length, 4);
  }
});
