import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SettingItem, SettingPage } from '../../schemas/generated/operator.js';
import { tempFolder } from '../../tests/rig/tempFolder.js';
import { startTestGateway } from '../gateway.fixture.js';
import { loadConfig } from './config.js';
import { loadModels } from './models.js';
import { settingsOf } from './settings.js';

const settingOf = (items: readonly { key: string }[], key: string): Omit<SettingItem, 'description' | 'key'> => {
  const found = items.find((item) => item.key === key);
  assert.ok(found !== undefined, `${key} is listed`);
  const { description, key: _, ...facts } = found as SettingItem;
  assert.ok(description.length > 10, `${key} has a description`);
  return facts;
};

test('each setting names the source that won, its default, and whether a reload applies it', (context) => {
  const file = join(tempFolder(context), 'gateway.yaml');
  writeFileSync(
    file,
    'device: { port: 9000, host: 10.0.0.1 }\nlimits: { links: 10, device: { framesPerSecond: 7 } }\n',
  );
  const environment = { TIDEGATE_DEVICE__PORT: '9001', TIDEGATE_LIMITS__LINKS: '11', HOME: '/root' };
  const config = loadConfig({ file, environment, set: ['limits.links=12', 'trustedProxies=10.0.0.0/8,::1'] });
  const items = settingsOf(config, config);
  assert.deepEqual(settingOf(items, 'device.host'), {
    value: '10.0.0.1',
    default: '::',
    source: 'file',
    from: file,
    reload: false,
  });
  assert.deepEqual(settingOf(items, 'device.port'), {
    value: 9001,
    default: 8080,
    source: 'environment',
    from: 'TIDEGATE_DEVICE__PORT',
    reload: false,
  });
  const { default: links, ...rest } = settingOf(items, 'limits.links');
  assert.equal(typeof links, 'number');
  assert.deepEqual(rest, { value: 12, source: 'set', from: null, reload: true });
  assert.equal(settingOf(items, 'limits.device.framesPerSecond').source, 'file');
  assert.deepEqual(settingOf(items, 'trustedProxies').value, ['10.0.0.0/8', '::1']);
  assert.deepEqual(settingOf(items, 'mqtt.url'), {
    value: null,
    default: null,
    source: 'default',
    from: null,
    reload: false,
  });
  assert.equal(settingOf(items, 'device.tls.certFile').reload, false, 'TLS cannot be turned on by a reload');
  assert.equal(new Set(items.map(({ key }) => key)).size, items.length);
});

test('a secret is never among the settings, set or waiting', () => {
  const load = (set: string[]) => loadConfig({ environment: {}, set });
  const none = settingsOf(load([]), load([]));
  assert.equal(settingOf(none, 'mqtt.password').value, null);
  const both = settingsOf(load(['mqtt.password=hunter2']), load(['mqtt.password=hunter3']));
  assert.doesNotMatch(JSON.stringify(both), /hunter/);
  assert.deepEqual([settingOf(both, 'mqtt.password').value, settingOf(both, 'mqtt.password').next], ['***', '***']);
});

test('after a reload, values in force and values that wait for a restart are apart; a viewer may not read them', async (context) => {
  const basics = ['device.port=0', 'operator.port=0', 'device.host=127.0.0.1', 'store.ballastBytes=0'];
  let set: string[] = [];
  const { api, data } = await startTestGateway(context, ['store.commitIntervalMs=3'], {
    load() {
      const config = loadConfig({ environment: {}, set: [`data=${data}`, 'shutdown.spreadMs=0', ...basics, ...set] });
      return { config, models: loadModels(config.models) };
    },
  });
  const read = async (): Promise<SettingItem[]> =>
    ((await api('GET', '/v1/gateway/settings')).body as SettingPage).items;
  assert.equal(settingOf(await read(), 'store.commitIntervalMs').next, undefined);
  set = ['store.commitIntervalMs=9', 'limits.links=77'];
  await api('POST', '/v1/gateway/reload');
  const items = await read();
  const { value, next, source } = settingOf(items, 'store.commitIntervalMs');
  assert.deepEqual([value, next, source], [3, 9, 'set']);
  assert.equal(settingOf(items, 'limits.links').value, 77);
  assert.deepEqual(
    items.filter((item) => item.next !== undefined).map(({ key }) => key),
    ['store.commitIntervalMs'],
  );

  const viewer = (await api('POST', '/v1/keys', { name: 'wall', role: 'viewer' })).body as { key: string };
  assert.equal((await api('GET', '/v1/gateway/settings', undefined, viewer.key)).status, 403);
  assert.equal((await api('GET', '/v1/gateway/settings?key=data')).status, 400);
});
