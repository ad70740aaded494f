import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startTestGateway } from '../gateway/gateway.fixture.js';
import type { JobBody } from '../schemas/generated/operator.js';
import { tempFolder } from '../tests/rig/tempFolder.js';
import { runCli as run } from './cli.fixture.js';

test('jobs are listed, shown and waited for, and one that failed ends with exit code 1', async (context) => {
  const tools = await startTestGateway(context);
  assert.equal((await run(tools, 'job', 'list')).out, 'No jobs since the start of the gateway.\n');
  const folder = tempFolder(context);
  const { id } = (await tools.api('POST', '/v1/backup', { folder: join(folder, 'good') })).body as JobBody;
  const waited = await run(tools, 'job', 'wait', id);
  assert.match(waited.out, /^backup of \S+good: done, (\d+) of \1 files, [\d.]+ [KM]iB\ncreated \S+Z, ended \S+Z\n$/);
  assert.equal((JSON.parse((await run(tools, 'job', 'show', id, '--json')).out) as JobBody).state, 'done');
  assert.match(
    (await run(tools, 'job', 'list')).out,
    /^ID +CREATED .*\n\S+ +\S+Z +backup +done +(\d+) of \1 files .*good\n$/,
  );

  // A folder with files of others is left as it is.
  const out = tempFolder(context);
  writeFileSync(join(out, 'photo.jpg'), '');
  const other = (await tools.api('POST', '/v1/exports', { folder: out, format: 'csv', from: 1, to: 2 }))
    .body as JobBody;
  const failed = await run(tools, 'job', 'wait', other.id);
  assert.deepEqual([failed.code, /^export .* failed: .*photo\.jpg.*\n$/.test(failed.err)], [1, true], failed.err);
  assert.match((await run(tools, 'job', 'show', other.id)).out, /^export .*: failed, .*\n.*\nerror: ./);
  const nobody = await run(tools, 'job', 'show', 'none');
  assert.deepEqual([nobody.code, /job_unknown/.test(nobody.err)], [1, true]);
});

test('backup list shows the schedule and the backups, and doctor tells of them', async (context) => {
  const parent = tempFolder(context);
  const set = ['backup.schedule=0 3 * * *', `backup.folder=${parent}`];
  const tools = await startTestGateway(context, set);
  const empty = await run(tools, 'backup', 'list');
  assert.match(
    empty.out,
    /^Schedule: 0 3 \* \* \* \(UTC\), into \S+, the newest 7 are kept\. Next: \S+T03:00:00\.000Z\n/,
  );
  assert.match(empty.out, /No backups in \S+ yet\.\n$/);
  const { id } = (await tools.api('POST', '/v1/backup')).body as JobBody;
  assert.equal((await run(tools, 'job', 'wait', id)).code, 0);
  assert.match(
    (await run(tools, 'backup', 'list')).out,
    /\n\nTIME \(UTC\) .*\n\S+Z +[\d.]+ [KM]iB +\d+ files +\S+tidegate-\w+Z\n$/,
  );
  const json = JSON.parse((await run(tools, 'backup', 'list', '--json')).out) as { items: object[] };
  assert.equal(json.items.length, 1);
  // Nothing is noted as running on the folder: the settings name the backups.
  const settings = set.flatMap((one) => ['--set', one]);
  const doctor = await run(null, 'doctor', '--data', tools.data, ...settings);
  assert.match(doctor.out, /^backups +ok +1 backup, the newest .*tidegate-\w+Z\); schedule 0 3 \* \* \* \(UTC\)$/m);
  assert.equal(doctor.code, 0);
});

test('doctor warns of an old backup, and a machine without a schedule is well', async (context) => {
  const tools = await startTestGateway(context);
  const without = await run(null, 'doctor', '--data', tools.data);
  assert.match(without.out, /^backups +ok +no schedule \(backup\.schedule\)$/m);
  assert.match((await run(tools, 'backup', 'list')).out, /^No schedule: /);
  const parent = tempFolder(context);
  const name = 'tidegate-20200102T030000Z';
  mkdirSync(join(parent, name));
  const { gatewayId } = tools.gateway;
  const receipt = { gatewayId, name, at: Date.UTC(2020, 0, 2, 3), files: 3, bytes: 9 };
  writeFileSync(join(parent, name, 'backup.json'), JSON.stringify(receipt));
  const settings = ['--set', 'backup.schedule=@daily', '--set', `backup.folder=${parent}`];
  const { code, out } = await run(null, 'doctor', '--data', tools.data, ...settings);
  assert.match(
    out,
    /^backups +warn +1 backup, the newest [\d,]+ d ago \(tidegate-20200102T030000Z\).*Look for backups in the log/m,
  );
  assert.equal(code, 0);
  const wrong = await run(null, 'doctor', '--data', tools.data, '--set', 'backup.schedule=often');
  assert.match(wrong.out, /^backups +warn +not known: The configuration has .*backup\.schedule/ms);
});
