import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandBody, JobPage } from '../schemas/generated/operator.js';
import { startTestGateway } from './gateway.fixture.js';

/** The files of the data folder that have the text, write-ahead logs included. */
const filesWith = (data: string, text: string): string[] =>
  readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(text));

const places = [
  ...['tag', 'earlier-tag', 'name', 'earlier-name', 'notes', 'earlier-notes', 'attribute'],
  ...['reading', 'late-reading', 'metric', 'unit', 'rejected', 'params', 'result', 'error', 'open-params'],
] as const;

test('after an erasure no file of the data folder has anything of what the device and operators wrote about it', async (context) => {
  const { addDevice, api, connect, data } = await startTestGateway(context, ['store.sealIntervalSeconds=86400']);
  const planted = Object.fromEntries(places.map((place) => [place, `planted-${place}-7f3a`]));
  const device = await addDevice('gone', {
    name: planted['earlier-name'],
    notes: planted['earlier-notes'],
    tags: { site: planted['earlier-tag'] },
  });
  const other = await addDevice('stays', { tags: { site: 'kept-tag' } });
  await api('PATCH', '/v1/devices/gone', { name: planted.name, notes: planted.notes, tags: { site: planted.tag } });
  const link = await connect(device);
  link.send({ type: 'hello', attributes: { serial: planted.attribute } });
  link.send({ type: 'metrics', table: 1, metrics: [{ name: planted.metric, unit: planted.unit.slice(0, 24) }] });
  link.send({ seq: 1, values: { [planted.metric]: 1, text: planted.reading } });
  await link.untilAck(1);
  await api('POST', '/v1/gateway/seal');
  link.send({ seq: 2, values: { text: planted['late-reading'] } });
  link.send({ seq: 3, values: { text: [planted.rejected] } });
  link.send({ seq: 4, values: { [planted.metric]: 2 } });
  await link.untilAck(4);
  const send = async (name: string, params: object): Promise<CommandBody> =>
    (await api('POST', '/v1/devices/gone/commands', { name, params })).body;
  for (const [params, more] of [
    [planted.params, { state: 'succeeded', result: { text: planted.result } }],
    [planted.params, { state: 'failed', error: { code: 'broken', message: planted.error } }],
  ] as const) {
    const { id } = await send('configure', { text: params });
    link.send({ type: 'command_update', id, ...more });
    for (let state = ''; state !== more.state; await sleep(5))
      state = ((await api('GET', `/v1/commands/${id}`)).body as CommandBody).state;
  }
  await send('configure', { text: planted['open-params'] });
  const otherLink = await connect(other);
  otherLink.send({ seq: 1, values: { text: 'kept-reading' } });
  await otherLink.untilAck(1);
  for (const place of places)
    if (filesWith(data, planted[place].slice(0, 24)).length === 0) assert.fail(`${place} was never stored`);
  assert.equal((await api('DELETE', '/v1/devices/gone?data=erase')).status, 202);
  for (let state = ''; state !== 'done'; await sleep(5)) {
    const { items } = (await api('GET', '/v1/jobs')).body as JobPage;
    state = items.find(({ type }) => type === 'erase')?.state ?? '';
    assert.notEqual(state, 'failed');
  }
  const left = places.flatMap((place) =>
    filesWith(data, planted[place].slice(0, 24)).map((path) => `${place}: ${path.slice(data.length + 1)}`),
  );
  assert.deepEqual(left, []);
  assert.ok(filesWith(data, 'kept-tag').length > 0 && filesWith(data, 'kept-reading').length > 0);
  await otherLink.close();
});
