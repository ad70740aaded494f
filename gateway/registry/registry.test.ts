import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RegistryChange } from '../domain/registryChange.js';
import type { Authentication } from './authentication.js';
import { RegistryError } from './errors.js';
import { createKeys } from './keys.js';
import { createRegistry } from './registry.js';

function registryAt(start = 1_000_000) {
  let now = start;
  const saved: RegistryChange[] = [];
  const ended: string[] = [];
  const news: string[] = [];
  let failing = false;
  const registry = createRegistry(
    {
      clock: { now: () => now },
      save: async (changes) => {
        if (failing) throw new Error('disk');
        saved.push(...changes);
      },
      ended: (device, why, cid) => ended.push(`${device.id} ${why}${cid === undefined ? '' : ` ${cid}`}`),
      changed: (devices, what) => news.push(`${what} ${devices.map(({ id }) => id).join(' ')}`),
    },
    { devices: [], nextDeviceKey: 1 },
  );
  return {
    registry,
    saved,
    ended,
    news,
    pass: (ms: number): void => {
      now += ms;
    },
    fail: (on: boolean): void => {
      failing = on;
    },
  };
}

test('a secret authenticates only its own device, with or without the id', async () => {
  const { registry } = registryAt();
  const [a, b] = await registry.createMany([{ id: 'a' }, { id: 'b' }], 'k');
  const who = (result: Authentication): string => (result.ok ? result.device.id : result.code);
  assert.deepEqual([who(registry.authenticate('a', a.secret)), who(registry.authenticateSecret(b.secret))], ['a', 'b']);
  assert.deepEqual(
    [
      who(registry.authenticate('a', b.secret)),
      who(registry.authenticate('c', a.secret)),
      who(registry.authenticateSecret('tgd_x')),
    ],
    ['credentials_invalid', 'credentials_invalid', 'credentials_invalid'],
  );
});

test('no secret is ever saved, only its hash', async () => {
  const { registry, saved } = registryAt();
  const [{ secret }] = await registry.createMany([{ id: 'a' }], 'k');
  assert.doesNotMatch(JSON.stringify(saved), new RegExp(secret.slice(4)));
});

test('a device exists only once it is on disk, and of two requests for one id one is refused', async () => {
  const { registry, fail } = registryAt();
  fail(true);
  await assert.rejects(registry.createMany([{ id: 'a' }], 'k'), /disk/);
  assert.equal(registry.get('a'), undefined);
  fail(false);
  const [first, second] = await Promise.allSettled([
    registry.createMany([{ id: 'a' }], 'k'),
    registry.createMany([{ id: 'a' }], 'k'),
  ]);
  assert.deepEqual([first.status, second.status], ['fulfilled', 'rejected']);
  await assert.rejects(registry.createMany([{ id: 'b' }, { id: 'b' }], 'k'), RegistryError);
  assert.equal(registry.get('b'), undefined);
});

test('after a rotation the old secret is valid for exactly the grace', async () => {
  const { registry, pass } = registryAt();
  const [old] = await registry.createMany([{ id: 'a' }], 'k');
  const fresh = await registry.addCredential('a', { graceSeconds: 60 }, 'k');
  pass(59_999);
  assert.equal(registry.authenticate('a', old.secret).ok, true);
  assert.equal(registry.authenticateSecret(old.secret).ok, true);
  pass(1);
  assert.equal(registry.authenticate('a', old.secret).ok, false);
  assert.equal(registry.authenticateSecret(old.secret).ok, false);
  assert.equal(registry.authenticate('a', fresh.secret).ok, true);
  await registry.addCredential('a', {}, 'k');
  assert.equal(registry.authenticate('a', fresh.secret).ok, true);
});

test('a change that ends a link ends it only once it is on disk', async () => {
  const { registry, ended, fail } = registryAt();
  const [{ cid }] = await registry.createMany([{ id: 'a' }], 'k');
  fail(true);
  await assert.rejects(registry.update('a', { state: 'disabled' }, 'k'));
  assert.deepEqual([ended, registry.get('a')?.state], [[], 'active']);
  fail(false);
  await registry.update('a', { state: 'disabled' }, 'k');
  await registry.update('a', { state: 'disabled' }, 'k');
  await registry.revokeCredential('a', cid, 'k');
  await registry.remove('a', 'k');
  assert.deepEqual(ended, ['a device_disabled', `a credential_revoked ${cid}`, 'a device_removed']);
  await assert.rejects(registry.remove('a', 'k'), { code: 'device_unknown' });
});

test('creating, editing and removing devices is reported once it is on disk', async () => {
  const { registry, news, fail } = registryAt();
  await registry.createMany([{ id: 'a' }, { id: 'b' }], 'k');
  fail(true);
  await assert.rejects(registry.createMany([{ id: 'c' }], 'k'));
  await assert.rejects(registry.update('a', { name: 'A' }, 'k'));
  await assert.rejects(registry.remove('a', 'k'));
  assert.equal(registry.get('a')?.name, null);
  fail(false);
  await registry.update('a', { name: 'A' }, 'k');
  await registry.remove('b', 'k');
  assert.deepEqual(news, ['created a b', 'edited a', 'removed b']);
});

test('a device that is added with the id of a removed one is another device', async () => {
  const { registry } = registryAt();
  const [first] = await registry.createMany([{ id: 'a' }], 'k');
  const key = registry.get('a')?.key;
  await registry.remove('a', 'k');
  await registry.createMany([{ id: 'a' }], 'k');
  assert.notEqual(registry.get('a')?.key, key);
  assert.equal(registry.authenticate('a', first.secret).ok, false);
});

test('a key is found by its text until it is revoked', async () => {
  let now = 5;
  const used: string[] = [];
  const keys = createKeys({ clock: { now: () => now }, save: async () => {}, used: ({ id }) => used.push(id) }, []);
  assert.equal(keys.authenticate('tgk_none'), undefined);
  const { id, key } = await keys.create({ name: 'wall', role: 'viewer', notAfter: null }, 'k');
  assert.equal(keys.authenticate(key)?.role, 'viewer');
  assert.equal(await keys.revoke(id, 'k'), true);
  assert.equal(await keys.revoke(id, 'k'), false);
  assert.equal(keys.authenticate(key), undefined);

  const brief = await keys.create({ name: 'guest', role: 'operator', notAfter: 10 }, 'k');
  now = 9;
  assert.equal(keys.authenticate(brief.key)?.lastUsedAt, 9);
  now = 10;
  assert.deepEqual([keys.authenticate(brief.key), keys.isValid(brief.id)], [undefined, false]);
  assert.deepEqual(used, [id, brief.id]);
});

test('a credential is valid only within its time span, and an empty time span is refused', async () => {
  const { registry, pass } = registryAt(1_000_000);
  await registry.createMany([{ id: 'a' }], 'k');
  const early = await registry.addCredential('a', { notBefore: 1_000_100, notAfter: 1_000_200 }, 'k');
  const why = (): string => {
    const result = registry.authenticate('a', early.secret);
    return result.ok ? 'good' : result.why;
  };
  const seen = [why()];
  for (const ms of [99, 1, 99, 1]) {
    pass(ms);
    seen.push(why());
  }
  assert.deepEqual(seen, ['credential_early', 'credential_early', 'good', 'good', 'credential_expired']);
  for (const window of [{ notAfter: 1 }, { notAfter: 1_000_200 }, { notBefore: 2_000_000, notAfter: 2_000_000 }])
    await assert.rejects(registry.addCredential('a', window, 'k'), { code: 'window_invalid' }, JSON.stringify(window));
});

test('a device has at most eight valid credentials, and expired ones make room', async () => {
  const { registry, pass } = registryAt();
  await registry.createMany([{ id: 'a' }], 'k');
  for (let n = 2; n <= 8; n++) await registry.addCredential('a', {}, 'k');
  await assert.rejects(registry.addCredential('a', {}, 'k'), { code: 'too_many_credentials' });
  const [{ cid }] = registry.get('a')?.credentials ?? [];
  await registry.revokeCredential('a', cid, 'k');
  await registry.addCredential('a', { graceSeconds: 60 }, 'k');
  pass(60_000);
  await registry.addCredential('a', {}, 'k');
  assert.equal(registry.get('a')?.credentials.length, 2);
});

test('requests at the same time make no more than eight credentials, and each ends those before it', async () => {
  const { registry, fail } = registryAt();
  await registry.createMany([{ id: 'a' }], 'k');
  fail(true);
  const refused = await Promise.allSettled(Array.from({ length: 40 }, () => registry.addCredential('a', {}, 'k')));
  assert.deepEqual(
    refused.map((one) => one.status === 'rejected' && (one.reason.code ?? one.reason.message)),
    Array.from({ length: 40 }, (_, n) => (n < 7 ? 'disk' : 'too_many_credentials')),
  );
  fail(false);
  const made = await Promise.allSettled(
    Array.from({ length: 40 }, () => registry.addCredential('a', { graceSeconds: 60 }, 'k')),
  );
  assert.equal(made.filter(({ status }) => status === 'fulfilled').length, 7);
  assert.deepEqual(
    registry.get('a')?.credentials.map(({ notAfter }) => notAfter),
    [...Array.from({ length: 7 }, () => 1_060_000), null],
  );
});

test('a prepared credential counts, is not accepted before it is stored, and is forgotten if it could not be stored', async () => {
  const { registry } = registryAt();
  await registry.createMany([{ id: 'a' }], 'k');
  const first = registry.prepareCredential('a', { graceSeconds: 60 }, 'k');
  assert.deepEqual(
    first.changes.map(({ type }) => type),
    ['retire_credential', 'put_credential', 'audit', 'audit'],
  );
  assert.equal(registry.authenticate('a', first.made.secret).ok, false);
  first.failed();
  assert.deepEqual(
    registry.get('a')?.credentials.map(({ notAfter }) => notAfter),
    [null],
  );
  const second = registry.prepareCredential('a', {}, 'k');
  second.stored();
  assert.equal(registry.authenticate('a', second.made.secret).ok, true);
});

test('a longer grace does not postpone an earlier end of a credential', async () => {
  const { registry } = registryAt(1_000_000);
  await registry.createMany([{ id: 'a' }], 'k');
  await registry.addCredential('a', { graceSeconds: 10 }, 'k');
  await registry.addCredential('a', { graceSeconds: 3_600 }, 'k');
  assert.deepEqual(
    registry.get('a')?.credentials.map(({ notAfter }) => notAfter),
    [1_010_000, 4_600_000, null],
  );
});

test('concurrent changes to a device are all kept', async () => {
  const { registry, saved } = registryAt();
  const [{ cid }] = await registry.createMany([{ id: 'a' }], 'k');
  const device = registry.get('a') ?? assert.fail();
  const made = await Promise.all([
    registry.addCredential('a', {}, 'k'),
    registry.addCredential('a', {}, 'k'),
    registry.revokeCredential('a', cid, 'k'),
    registry.update('a', { state: 'disabled' }, 'k'),
    registry.update('a', { tags: { site: 'north' } }, 'k'),
    registry.describe(device, { serial: 'A17' }),
  ]);
  assert.deepEqual(
    [device.state, device.tags, device.attributes, device.credentials.map((one) => one.cid)],
    ['disabled', { site: 'north' }, { serial: 'A17' }, [made[0].cid, made[1].cid]],
  );
  // Each change is stored by itself, because a late write of the whole device would undo the changes before it.
  assert.ok(saved.slice(2).every(({ type }) => type !== 'put_device'));
});

test('attributes apply only once they are on disk, and a failed write is retried with the next hello', async () => {
  const { registry, saved, fail } = registryAt();
  await registry.createMany([{ id: 'a' }], 'k');
  const device = registry.get('a') ?? assert.fail();
  fail(true);
  await assert.rejects(registry.describe(device, { serial: 'A17' }), /disk/);
  assert.deepEqual(device.attributes, {});
  fail(false);
  await registry.describe(device, { serial: 'A17' });
  await registry.describe(device, { serial: 'A17' });
  assert.deepEqual(device.attributes, { serial: 'A17' });
  assert.equal(saved.filter(({ type }) => type === 'patch_device').length, 1);
});

test('of several attributes that are written at the same time the last ones stay', async () => {
  const { registry, saved } = registryAt();
  await registry.createMany([{ id: 'a' }], 'k');
  const device = registry.get('a') ?? assert.fail();
  const first = registry.describe(device, { serial: 'A17' });
  assert.deepEqual(device.attributes, {});
  await Promise.all([
    first,
    registry.describe(device, { serial: 'A17' }),
    registry.describe(device, {}),
    registry.describe(device, { serial: 'A18' }),
    registry.describe(device, {}),
  ]);
  assert.deepEqual(device.attributes, {});
  assert.equal(saved.filter(({ type }) => type === 'patch_device').length, 4);
});

test('a certificate authenticates the device that it names, without a secret', async () => {
  const { registry, pass } = registryAt();
  await registry.createMany([{ id: 'a' }], 'k');
  const first = registry.authenticateSubject('a');
  const second = registry.authenticateSubject('a');
  if (!first.ok || !second.ok) assert.fail('a is known');
  assert.deepEqual([first.device.id, first.credential.cid], ['a', 'certificate']);
  first.credential.notAfter = 1;
  assert.equal(second.credential.notAfter, null, 'links do not share a credential');
  pass(1);
  assert.equal(registry.authenticateSubject('a').ok, true);
  assert.equal(registry.authenticateSubject('b').ok, false);
  await registry.update('a', { state: 'disabled' }, 'k');
  const third = registry.authenticateSubject('a');
  assert.equal(third.ok ? 'ok' : third.code, 'device_disabled');
});

test('a credential of a device that is removed meanwhile is not valid', async () => {
  const { registry } = registryAt();
  await registry.createMany([{ id: 'a' }], 'k');
  const [added] = await Promise.all([registry.addCredential('a', {}, 'k'), registry.remove('a', 'k')]);
  assert.equal(registry.authenticate('a', added.secret).ok, false);
  assert.equal(registry.authenticateSecret(added.secret).ok, false);
});
