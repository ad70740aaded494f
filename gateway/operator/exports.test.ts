import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AuditPage, JobBody, ProblemBody, ReadingPage } from '../../schemas/generated/operator.js';
import { tempFolder } from '../../tests/rig/tempFolder.js';
import { startTestGateway, type TestGateway } from '../gateway.fixture.js';

async function ended({ api }: TestGateway, started: { status: number; body: never }): Promise<JobBody> {
  assert.equal(started.status, 202, JSON.stringify(started.body));
  let job: JobBody = started.body;
  while (job.endedAt === null) job = (await api('GET', `/v1/jobs/${job.id}`)).body;
  return job;
}

const codeOf = ({ body }: { body: never }): string => (body as ProblemBody).code;

test('an export has the readings that the API answers, also those that were not sealed, and is in the audit and the metrics', async (context) => {
  const tools = await startTestGateway(context);
  const { api, addDevice, connect } = tools;
  const folder = join(tempFolder(context), 'out');
  const devices = [await addDevice('a', { tags: { site: 'north' } }), await addDevice('b')];
  const now = Date.now();
  for (const device of devices) {
    const link = await connect(device, '?stream=main');
    link.send({ seq: 1, ts: now - 1_000, values: { temperature: 21.1, door: 'open, wide', lit: true } });
    link.send({ seq: 2, ts: now, values: { temperature: -0.5 } });
    await link.untilAck(2);
  }
  const request = { folder, format: 'ndjson', from: now - 3_600_000, to: now + 3_600_000 };
  const job = await ended(tools, await api('POST', '/v1/exports', request));
  assert.deepEqual([job.type, job.subject, job.state, job.readings, job.damaged], ['export', folder, 'done', 8, 0]);
  const lines = readdirSync(folder)
    .filter((name) => name !== 'export.json')
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line));
  for (const id of ['a', 'b']) {
    const { items } = (await api('GET', `/v1/devices/${id}/readings?from=${request.from}`)).body as ReadingPage;
    const byName = (a: { metric: string; ts: number }, b: { metric: string; ts: number }): number =>
      a.metric === b.metric ? a.ts - b.ts : a.metric < b.metric ? -1 : 1;
    const exported = lines
      .filter(({ device }) => device === id)
      .map(({ metric, ts, value }) => ({ metric, ts, value }));
    const answered = items.map((item) =>
      'value' in item ? { metric: item.metric, ts: item.ts, value: item.value } : assert.fail(),
    );
    assert.deepEqual(exported.sort(byName), answered.sort(byName));
  }
  const again = await ended(tools, await api('POST', '/v1/exports', request));
  assert.deepEqual([again.state, again.readings], ['done', 0]);

  const north = join(folder, '..', 'north');
  const chosen = await ended(
    tools,
    await api('POST', '/v1/exports', { ...request, folder: north, target: { tags: { site: 'north' } } }),
  );
  assert.equal(chosen.readings, 4);
  const other = await ended(tools, await api('POST', '/v1/exports', { ...request, target: { ids: ['a'] } }));
  assert.deepEqual([other.state, other.error?.includes('has an export of other devices')], ['failed', true]);

  const { items } = (await api('GET', '/v1/audit?action=export_started')).body as AuditPage;
  assert.equal(items.length, 4);
  assert.match(items[3].detail ?? '', /^\d{4}-.*Z to .*Z into .*out$/);
  const metrics = String((await api('GET', '/metrics')).body);
  assert.match(metrics, /^tidegate_exported_readings_total 12$/m);
  assert.match(metrics, /^tidegate_export_failures_total 1$/m);
  assert.match(metrics, /^tidegate_archive_failures_total 0$/m);
});

test('what cannot be exported is refused with a code, and only an admin may export', async (context) => {
  const { api, addDevice, data } = await startTestGateway(context);
  await addDevice('a');
  const folder = tempFolder(context);
  const request = { folder, format: 'csv', from: 1, to: 2 };
  const refusal = async (more: object): Promise<string> => {
    const answer = await api('POST', '/v1/exports', { ...request, ...more });
    return `${answer.status} ${codeOf(answer)}`;
  };
  assert.equal(await refusal({ from: 2 }), '400 range_invalid');
  assert.equal(await refusal({ from: -1 }), '400 body_invalid');
  assert.equal(await refusal({ to: 8_640_000_000_000_001 }), '400 body_invalid');
  assert.equal(await refusal({ format: 'xlsx' }), '400 body_invalid');
  assert.equal(await refusal({ folder: 'below' }), '400 folder_invalid');
  assert.equal(await refusal({ folder: join(data, 'below') }), '400 folder_invalid');
  assert.equal(await refusal({ target: { ids: ['a', 'nobody'] } }), '404 device_unknown');
  assert.equal(await refusal({ target: { model: 'nothing' } }), '400 model_unknown');
  assert.equal(await refusal({ target: { tags: { site: 'south' } } }), '400 target_empty');
  assert.equal(await refusal({ target: {} }), '400 body_invalid');
  assert.equal(await refusal({ target: { ids: ['a'], model: 'nothing' } }), '400 body_invalid');
  assert.deepEqual(readdirSync(folder), []);
  const operator = (await api('POST', '/v1/keys', { name: 'desk', role: 'operator' })).body as { key: string };
  assert.equal((await api('POST', '/v1/exports', request, operator.key)).status, 403);
});

test('a folder of others fails the job with words, and an ended job or one of another type is not cancelled', async (context) => {
  const tools = await startTestGateway(context);
  const { api } = tools;
  const folder = tempFolder(context);
  writeFileSync(join(folder, 'photo.jpg'), '');
  const job = await ended(tools, await api('POST', '/v1/exports', { folder, format: 'csv', from: 1, to: 2 }));
  assert.deepEqual([job.state, /photo\.jpg, which is not of an export/.test(job.error ?? '')], ['failed', true]);
  assert.deepEqual(readdirSync(folder), ['photo.jpg']);
  const late = await api('DELETE', `/v1/jobs/${job.id}`);
  assert.deepEqual([late.status, codeOf(late)], [409, 'job_not_cancellable']);
  assert.equal((await api('DELETE', '/v1/jobs/nothing')).status, 404);
  mkdirSync(join(folder, 'backup'));
  const backup = await ended(tools, await api('POST', '/v1/backup', { folder: join(folder, 'backup') }));
  const answer = await api('DELETE', `/v1/jobs/${backup.id}`);
  assert.deepEqual([answer.status, codeOf(answer)], [409, 'job_not_cancellable']);
});
