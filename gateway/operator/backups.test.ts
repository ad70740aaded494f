import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AuditPage, BackupPage, JobBody } from '../../schemas/generated/operator.js';
import { tempFolder } from '../../tests/rig/tempFolder.js';
import { ConfigError, loadConfig } from '../config/config.js';
import { startOn, startTestGateway } from '../gateway.fixture.js';

test('a backup without a folder goes into backup.folder, is listed, and a gateway starts on it', async (context) => {
  const folder = join(tempFolder(context), 'backups');
  const { api, addDevice } = await startTestGateway(context, [`backup.folder=${folder}`, 'backup.schedule=30 3 * * *']);
  await addDevice('d');
  const before = (await api('GET', '/v1/backups')).body as BackupPage;
  assert.deepEqual([before.items, before.failed, before.folder, before.keep], [[], null, folder, 7]);
  assert.ok((before.nextAt ?? 0) > Date.now());
  const started = await api('POST', '/v1/backup');
  assert.equal(started.status, 202);
  const { id, subject } = started.body as JobBody;
  let job: JobBody;
  do {
    job = (await api('GET', `/v1/jobs/${id}`)).body;
  } while (job.endedAt === null);
  assert.equal(job.error, null);
  const { items } = (await api('GET', '/v1/backups')).body as BackupPage;
  assert.deepEqual([items.length, items[0].folder, items[0].bytes], [1, subject, job.bytes]);
  const audit = (await api('GET', '/v1/audit?action=backup_started')).body as AuditPage;
  assert.equal(audit.items[0].detail, subject);
  assert.ok(existsSync(join(subject, 'backup.json')));
  const copy = await startOn(subject);
  assert.equal(copy.dataFolder, subject);
  await copy.stop();
});

test('without backup.folder a backup needs a folder; a viewer starts none', async (context) => {
  const { api } = await startTestGateway(context);
  const refused = await api('POST', '/v1/backup');
  assert.deepEqual([refused.status, (refused.body as { code: string }).code], [400, 'folder_invalid']);
  const { folder, schedule, nextAt } = (await api('GET', '/v1/backups')).body as BackupPage;
  assert.deepEqual([folder, schedule, nextAt], [null, null, null]);
  const viewer = (await api('POST', '/v1/keys', { name: 'wall', role: 'viewer' })).body as { key: string };
  assert.equal((await api('POST', '/v1/backup', undefined, viewer.key)).status, 403);
  assert.equal((await api('GET', '/v1/backups', undefined, viewer.key)).status, 200);
  assert.equal((await api('GET', '/v1/backups?limit=x', undefined, viewer.key)).status, 400);
});

test('a backup into a folder that cannot be made is refused at once, and the next one works', async (context) => {
  const { api } = await startTestGateway(context);
  // Nobody can make a folder in /proc, not even root.
  for (const folder of ['/proc/backup', '/proc/deep/backup', '/proc/version/backup']) {
    const { status, body } = await api('POST', '/v1/backup', { folder });
    assert.equal(status, 400, folder);
    assert.match((body as { detail: string }).detail, /^\/proc\/.+ cannot be made by the gateway: /);
  }
  const started = await api('POST', '/v1/backup', { folder: join(tempFolder(context), 'new', 'backup') });
  assert.equal(started.status, 202);
  let job = started.body as JobBody;
  while (job.endedAt === null) job = (await api('GET', `/v1/jobs/${job.id}`)).body;
  assert.equal(job.error, null);
});

test('settings of backups that cannot work are faults', () => {
  const faultsOf = (...set: string[]): string => {
    try {
      loadConfig({ environment: {}, set: ['data=/var/lib/tidegate', ...set] });
      return '';
    } catch (error) {
      assert.ok(error instanceof ConfigError);
      return error.faults.join('; ');
    }
  };
  const folder = 'backup.folder=/backups';
  assert.equal(faultsOf(folder, 'backup.schedule=30 3 * * *', 'backup.timeZone=Europe/Berlin'), '');
  assert.equal(faultsOf(folder), '');
  assert.match(faultsOf('backup.schedule=30 3 * * *'), /^backup.schedule: needs backup.folder/);
  assert.match(faultsOf(folder, 'backup.schedule=at night'), /^backup.schedule: "at night" is no cron expression/);
  assert.match(faultsOf(folder, 'backup.schedule=99 3 * * *'), /is no cron expression/);
  assert.match(faultsOf(folder, 'backup.schedule=0 0 31 2 *'), /has no next time/);
  assert.match(faultsOf(folder, 'backup.schedule=30 3 * * *', 'backup.timeZone=Mars'), /^backup.timeZone: "Mars"/);
  assert.match(faultsOf('backup.folder=backups'), /must be an absolute path/);
  assert.match(faultsOf('backup.folder=/var/lib/tidegate/backups'), /is inside the data folder/);
  assert.match(faultsOf('backup.folder=/var/lib/tidegate'), /is inside the data folder/);
  assert.match(faultsOf(folder, 'backup.keep=0'), /backup.keep/);
});
