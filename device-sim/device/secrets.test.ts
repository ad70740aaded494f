import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandHandler } from '../../clients/js/core/command.js';
import { createSecrets, isAboutSecret, rotateSecret, withBuiltIns } from './secrets.js';

function secretsWith(...first: string[]) {
  const changes: string[] = [];
  return { ...createSecrets(first, (kept) => changes.push(kept.join(' '))), changes };
}

test('a new secret is used from the next connection attempt on, and the old one is kept until the new one has worked', () => {
  const secrets = secretsWith('old');
  secrets.rotate('new');
  assert.equal(secrets.current(), 'new');
  secrets.worked('new');
  assert.deepEqual(secrets.changes, ['new old', 'new']);
});

test('if the new secret is refused, the old one is tried at once, and after both the wait is long', () => {
  const secrets = secretsWith('new', 'old');
  assert.equal(secrets.refused('new'), true);
  assert.equal(secrets.current(), 'old');
  assert.equal(secrets.refused('old'), false);
  assert.equal(secrets.current(), 'new');
});

test('an old secret that still works is used first, and the new one once it is refused', () => {
  const secrets = secretsWith('new', 'old');
  secrets.refused('new');
  secrets.worked('old');
  assert.deepEqual([secrets.current(), secrets.changes], ['old', ['old new']]);
  assert.equal(secrets.refused('old'), true);
  assert.equal(secrets.current(), 'new');
});

test('if a link is closed because of its old secret, the new one is used at once', () => {
  const secrets = secretsWith('old');
  secrets.rotate('new');
  assert.equal(secrets.refused('old'), true);
  assert.equal(secrets.current(), 'new');
});

test('the same secret again changes nothing, and at most four secrets are kept', () => {
  const secrets = secretsWith('a');
  secrets.rotate('a');
  secrets.worked('a');
  assert.deepEqual(secrets.changes, []);
  for (const secret of ['b', 'c', 'd', 'e', 'f']) secrets.rotate(secret);
  assert.equal(secrets.changes.at(-1), 'f e d c');
  assert.equal(secrets.refused('f'), true);
});

test('only a refusal of the secret is a reason to try another one', () => {
  assert.ok(isAboutSecret({ kind: 'refused', status: 401, retryAfterSeconds: 0 }));
  assert.ok(isAboutSecret({ kind: 'closed', code: 4101, reason: '' }));
  assert.ok(!isAboutSecret({ kind: 'refused', status: 403, retryAfterSeconds: 0 }));
  assert.ok(!isAboutSecret({ kind: 'closed', code: 4100, reason: '' }));
  assert.ok(!isAboutSecret({ kind: 'failed', cause: 'ECONNREFUSED' }));
});

test('the built-in command accepts only valid secrets, and works beside any handlers', () => {
  const taken: string[] = [];
  const own: CommandHandler = { run: () => 1 };
  const command = (params: object) => ({ id: '1', name: rotateSecret, params: { ...params }, expiresAt: 0, known: 0 });
  for (const handlers of [{ own }, (name: string) => (name === 'own' ? own : undefined)]) {
    const all = withBuiltIns(handlers, { rotate: (secret) => taken.push(secret) });
    const find = (name: string): CommandHandler | undefined => (typeof all === 'function' ? all(name) : all[name]);
    const rotate = find(rotateSecret) ?? assert.fail('no handler');
    assert.equal(find('own'), own);
    for (const params of [{}, { secret: 1 }, { secret: 'tgd_short' }, { secret: `tgk_${'x'.repeat(43)}` }])
      assert.equal(rotate.refuse?.(command(params))?.code, 'params_invalid');
    const good = { secret: `tgd_${'x'.repeat(43)}` };
    assert.equal(rotate.refuse?.(command(good)), null);
    rotate.run(good, () => {}, command(good));
  }
  assert.equal(taken.length, 2);
});
