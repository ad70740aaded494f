import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Edited } from '../../console/device/deviceDraft.js';
import { consoleModule } from './consoleModule.js';

const { conflictsOf, deviceDraftOf, faultsOf, patchOf } =
  await consoleModule<typeof import('../../console/device/deviceDraft.js')>('device/deviceDraft.ts');

const base: Edited = { name: 'North', notes: null, model: 'boiler', tags: { site: 'north', floor: '2' } };

test('a form that was not changed sends nothing, whatever others did meanwhile', () => {
  assert.deepEqual(patchOf(base, deviceDraftOf(base), base), {});
  assert.deepEqual(patchOf(base, deviceDraftOf(base), { ...base, name: 'South', tags: {} }), {});
});

test('only what was changed is sent; an emptied field is null', () => {
  const draft = { ...deviceDraftOf(base), name: '  ', notes: ' Valve 3\nis stiff. ', model: '' };
  assert.deepEqual(patchOf(base, draft, base), { name: null, notes: 'Valve 3\nis stiff.', model: null });
});

test('tags that others set meanwhile stay; a renamed tag is removed and set', () => {
  const draft = {
    ...deviceDraftOf(base),
    tags: [
      { name: 'place', value: 'north' },
      { name: 'floor', value: '2' },
    ],
  };
  const now = { ...base, tags: { site: 'north', floor: '3', owner: 'ann' } };
  assert.deepEqual(patchOf(base, draft, now), { tags: { floor: '3', owner: 'ann', place: 'north' } });
});

test('a conflict is a field that both sides changed to different values', () => {
  const draft = { ...deviceDraftOf(base), name: 'Mine', model: 'room', tags: [{ name: 'site', value: 'mine' }] };
  assert.deepEqual(conflictsOf(base, draft, base), {});
  const now: Edited = { name: 'Theirs', notes: 'new', model: 'room', tags: { site: 'theirs', floor: '2' } };
  assert.deepEqual(conflictsOf(base, draft, now), { name: 'Theirs', tags: now.tags });
  assert.deepEqual(conflictsOf(base, deviceDraftOf(base), now), {});
});

test('what the gateway would refuse has a sentence at its field', () => {
  const good = deviceDraftOf(base);
  assert.deepEqual(faultsOf(good), {});
  assert.deepEqual(faultsOf({ ...good, name: '🔥'.repeat(128), notes: 'a\n\tb' }), {});
  assert.match(faultsOf({ ...good, name: 'n'.repeat(129) }).name, /at most 128/);
  assert.match(faultsOf({ ...good, name: 'a\u0007' }).name, /control characters/);
  assert.match(faultsOf({ ...good, notes: 'n'.repeat(4_001) }).notes, /at most 4,000/);
  assert.match(faultsOf({ ...good, notes: 'a\u0000' }).notes, /control character/);
  const tags = ['a b', '', 'x', 'x', 'long'].map((name) => ({ name, value: name === 'long' ? 'v'.repeat(257) : 'v' }));
  const faults = faultsOf({ ...good, tags });
  assert.deepEqual(Object.keys(faults), ['tags/0', 'tags/1', 'tags/3', 'tags/4']);
  assert.match(faults['tags/3'], /two tags x/);
  const many = Array.from({ length: 33 }, (_, n) => ({ name: `t${n}`, value: '' }));
  assert.match(faultsOf({ ...good, tags: many }).tags, /at most 32 tags; these are 33/);
});
