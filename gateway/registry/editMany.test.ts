import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RegistryChange } from '../domain/registryChange.js';
import { createRegistry } from './registry.js';

/** A registry with these devices, and what it saves, ends and reports. */
async function registryWith(devices: { id: string; tags?: Record<string, string> }[]) {
  const saved: RegistryChange[][] = [];
  const ended: string[] = [];
  const news: [what: string, count: number][] = [];
  const disk = { fails: false };
  const registry = createRegistry(
    {
      clock: { now: () => 1_000_000 },
      save: async (changes) => {
        if (disk.fails) throw new Error('disk');
        saved.push(changes);
      },
      ended: (device, why) => ended.push(`${device.id} ${why}`),
      changed: (some, what) => news.push([what, some.length]),
    },
    { devices: [], nextDeviceKey: 1 },
  );
  await registry.createMany(devices, 'k');
  saved.length = 0;
  news.length = 0;
  return { registry, saved, ended, news, disk, all: () => [...registry.all()] };
}

const audits = (saved: RegistryChange[][]) =>
  saved.flat().flatMap((change) => (change.type === 'audit' ? [change.record] : []));

test('an edit sets and removes tags of each device, keeps the other tags, and skips devices that are as it wants them', async () => {
  const { registry, saved, news, all } = await registryWith([
    { id: 'a', tags: { site: 'north', floor: '2' } },
    { id: 'b', tags: { place: 'south' } },
    { id: 'c', tags: { site: 'east' } },
  ]);
  const edit = { removeTags: ['place', 'floor'], setTags: { site: 'east' } };
  assert.deepEqual(await registry.editMany(all(), edit, 'k'), { changed: 2, unchanged: 1, faults: [] });
  assert.deepEqual(
    all().map(({ tags }) => tags),
    [{ site: 'east' }, { site: 'east' }, { site: 'east' }],
  );
  assert.deepEqual(news, [['edited', 2]]);
  assert.deepEqual(audits(saved), [
    {
      at: 1_000_000,
      by: 'k',
      action: 'devices_edited',
      subject: 'a',
      detail: `${JSON.stringify(edit)} 2 devices: a, b`,
    },
  ]);
  saved.length = 0;
  assert.deepEqual(await registry.editMany(all(), edit, 'k'), { changed: 0, unchanged: 3, faults: [] });
  assert.deepEqual(saved, []);
});

test('a tag that an edit removes and sets gets the new value', async () => {
  const { registry, all } = await registryWith([{ id: 'a', tags: { site: 'north' } }]);
  await registry.editMany(all(), { removeTags: ['site'], setTags: { site: 'south' } }, 'k');
  assert.deepEqual(all()[0].tags, { site: 'south' });
});

test('at most 250 devices share a transaction and a record of the audit', async () => {
  const { registry, saved, all } = await registryWith(Array.from({ length: 501 }, (_, n) => ({ id: `d${n}` })));
  const { changed } = await registry.editMany(all(), { model: 'boiler' }, 'k');
  assert.equal(changed, 501);
  assert.deepEqual(
    saved.map((changes) => changes.length),
    [251, 251, 2],
  );
  assert.deepEqual(
    audits(saved).map(({ subject }) => subject),
    ['d0', 'd250', 'd500'],
  );
});

test('a device that would have more than 32 tags, and one that was removed, are faults; the others are changed', async () => {
  const full = Object.fromEntries(Array.from({ length: 32 }, (_, n) => [`t${n}`, 'x']));
  const { registry, all } = await registryWith([{ id: 'full', tags: full }, { id: 'gone' }, { id: 'b' }]);
  const devices = all();
  await registry.remove('gone', 'k');
  const { changed, faults } = await registry.editMany(devices, { setTags: { site: 'north' } }, 'k');
  assert.equal(changed, 1);
  assert.deepEqual(
    faults.map(({ id, code }) => [id, code]),
    [
      ['gone', 'device_unknown'],
      ['full', 'too_many_tags'],
    ],
  );
  assert.match(faults[1].message, /would have 33 tags; 32 is the limit/);
  assert.deepEqual(registry.get('full')?.tags, full);
  assert.equal((await registry.editMany(devices, { setTags: { t0: 'y' } }, 'k')).changed, 2);
});

test('disabling and removing many devices ends the link of each once, and only when it is on disk', async () => {
  const { registry, ended, news, disk, all } = await registryWith([{ id: 'a' }, { id: 'b' }]);
  disk.fails = true;
  await assert.rejects(registry.editMany(all(), { state: 'disabled' }, 'k'), /disk/);
  await assert.rejects(registry.removeMany(all(), 'k'), /disk/);
  assert.deepEqual([ended, news, registry.size(), registry.get('a')?.state], [[], [], 2, 'active']);
  disk.fails = false;
  await registry.update('b', { state: 'disabled' }, 'k');
  await registry.editMany(all(), { state: 'disabled' }, 'k');
  await registry.editMany(all(), { state: 'disabled' }, 'k');
  assert.deepEqual(await registry.removeMany(all(), 'k'), { changed: 2, unchanged: 0, faults: [] });
  assert.deepEqual(ended, ['b device_disabled', 'a device_disabled', 'a device_removed', 'b device_removed']);
  assert.deepEqual(
    news.map(([what, count]) => `${what} ${count}`),
    ['edited 1', 'edited 1', 'removed 2'],
  );
  assert.equal(registry.size(), 0);
});

test('tags that are set at the same time by several edits are all kept', async () => {
  const { registry, all } = await registryWith([{ id: 'a' }]);
  await Promise.all([
    registry.update('a', { tags: { one: '1' } }, 'k'),
    registry.editMany(all(), { setTags: { two: '2' } }, 'k'),
    registry.editMany(all(), { setTags: { three: '3' } }, 'k'),
  ]);
  assert.deepEqual(all()[0].tags, { one: '1', two: '2', three: '3' });
});
