import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../schemas/load.js';
import { FleetError } from './fleet.js';
import { checkFleet, loadFleet } from './loadFleet.js';
import { metricsOf, planOf } from './plan.js';

test('the fleets that come with Tidegate are valid, and all faults of another one are reported at once', () => {
  for (const file of readdirSync(join(packageRoot, 'config', 'fleets'))) loadFleet(file.replace('.yaml', ''));
  assert.throws(() => loadFleet('none-such'), FleetError);
  assert.throws(
    () => checkFleet({ groups: [{ prefix: 'a b', count: 0, signals: { x: { type: 'magic' } } }] }, 'bad.yaml'),
    (error: Error) =>
      ['/groups/0/prefix', '/groups/0/count', '/groups/0/signals/x/type'].every((path) => error.message.includes(path)),
  );
  assert.throws(
    () => checkFleet({ groups: [], rate: 1 }, 'x'),
    /there is no rate; use seed, rampSeconds, phases, faults, commands, require, groups/,
  );
  assert.throws(() => checkFleet(null, 'x'), /\/: must be an object, found null/);
  const group = { prefix: 'a', count: 1, frameIntervalMs: 10, signals: { x: { type: 'wave' } } };
  const large = { ...group, prefix: 'b', frameIntervalMs: 9_000, samplesPerFrame: 1_000, encoding: 'json' };
  const wide = Object.fromEntries(['u', 'v', 'w', 'x', 'y', 'z'].map((name) => [name, { type: 'wave' }]));
  assert.throws(
    () => checkFleet({ groups: [group, { ...group, samplesPerFrame: 11 }, { ...large, signals: wide }] }, 'x'),
    (error: Error) =>
      /groups\/1\/prefix: a is also the prefix of .groups\/0/.test(error.message) &&
      /groups\/1\/samplesPerFrame: .*times would repeat/.test(error.message) &&
      /groups\/2\/samplesPerFrame: 1000 make a frame of \d+ bytes; 65536 is the most/.test(error.message),
  );
});

test('the error for a file that is missing or is not YAML says what would help', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-fleet-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'bad.yaml');
  writeFileSync(file, 'groups: [\n  {prefix: a, prefix: b}\n');
  assert.throws(
    () => loadFleet(file),
    (error: Error) => error instanceof FleetError && error.message.includes('line 2'),
  );
  assert.throws(() => loadFleet(folder), /There is no fleet file .*; give a path, or one of .*bench-1000, .*demo, /);
  assert.deepEqual(loadFleet('demo'), loadFleet('demo.yaml'));
});

test('a binary device with only strings declares no metric table', () => {
  const group = { prefix: 'a', count: 1, encoding: 'binary', signals: { door: { type: 'door' } } };
  assert.equal(metricsOf(planOf(checkFleet({ groups: [group] }, 'x').groups[0], 1)), undefined);
});
