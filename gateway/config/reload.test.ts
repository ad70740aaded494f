import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Model } from '../domain/model.js';
import { startTestGateway } from '../gateway.fixture.js';
import { ConfigError, loadConfig } from './config.js';
import { loadModels } from './models.js';
import { changedKeys, type Loaded } from './reload.js';

const loaded = (set: string[], change: (models: Map<string, Model>) => void = () => {}): Loaded => {
  const config = loadConfig({ environment: {}, set });
  const models = loadModels(config.models);
  change(models);
  return { config, models };
};

test('a changed key is found, also if only one side has it', () => {
  assert.deepEqual(changedKeys({ a: 1, b: { c: 2, d: [1] } }, { a: 1, b: { c: 3, d: [1, 2] }, e: null }), [
    'b.c',
    'b.d',
    'e',
  ]);
});

test('limits and models are reloaded without closing links, and keys that need a restart are listed', async (context) => {
  let next = loaded([]);
  const basics = [
    'device.port=0',
    'operator.port=0',
    'device.host=127.0.0.1',
    'store.ballastBytes=0',
    'shutdown.spreadMs=0',
  ];
  const tools = await startTestGateway(context, [], { load: () => next });
  const data = `data=${tools.data}`;
  const device = await tools.addDevice('a', { model: 'room' });
  const link = await tools.connect(device, '?stream=main');
  link.send({ seq: 1, values: { temperature: 20 } });
  await link.untilAck(1);
  next = loaded(
    [data, ...basics, 'limits.seriesPerDevice=1', 'limits.device.framesPerSecond=1000', 'store.commitIntervalMs=5'],
    (models) => {
      models.set('pump', { name: 'pump', metrics: [{ number: 0, name: 'flow', unit: 'm3/s' }] });
      models.delete('tracker');
    },
  );
  const { status, body } = await tools.api('POST', '/v1/gateway/reload');
  assert.equal(status, 200);
  assert.deepEqual(body, {
    applied: ['limits.device.framesPerSecond', 'limits.seriesPerDevice'],
    needsRestart: ['store.commitIntervalMs'],
  });
  link.send({ seq: 2, values: { other: 1 } });
  assert.equal(((await link.next()) as { code: string }).code, 'too_many_series');
  assert.equal((await tools.api('PATCH', '/v1/devices/a', { model: 'pump' })).status, 200);
  assert.equal((await tools.api('PATCH', '/v1/devices/a', { model: 'tracker' })).status, 400);
  link.send({ seq: 3, values: { temperature: 21 } });
  await link.untilAck(3);
  assert.deepEqual((await tools.api('POST', '/v1/gateway/reload')).body, { applied: [], needsRestart: [] });
});

test('a reload of a configuration with faults changes nothing and reports the faults', async (context) => {
  const tools = await startTestGateway(context, [], {
    load: () => {
      throw new ConfigError(['limits.links (--set): 0 must be at least 1']);
    },
  });
  const { status, body } = await tools.api('POST', '/v1/gateway/reload');
  assert.deepEqual([status, (body as { code: string }).code], [400, 'config_invalid']);
  assert.match((body as { detail: string }).detail, /limits\.links/);
  await (await tools.connect(await tools.addDevice('a'))).close();
});

test('only an admin may reload', async (context) => {
  const tools = await startTestGateway(context);
  const { key } = (await tools.api('POST', '/v1/keys', { name: 'k', role: 'operator' })).body as { key: string };
  assert.equal((await tools.api('POST', '/v1/gateway/reload', undefined, key)).status, 403);
});
