import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FleetError } from './fleet.js';
import { checkFleet, loadFleet } from './loadFleet.js';
import { changedFleet, deviceUrlBeside, deviceUrlOf, durationOf, operatorKey } from './runOptions.js';

test('a given number of devices is divided over the groups in their proportions, without remainder', () => {
  const counts = (devices: string): number[] =>
    changedFleet(loadFleet('demo'), { devices }).groups.map(({ count }) => count);
  assert.deepEqual(counts('250'), [100, 100, 50]);
  const even = (n: number) => ({ prefix: `g${n}`, count: 1, signals: { x: { type: 'wave' } } });
  const seven = checkFleet({ groups: Array.from({ length: 7 }, (_, n) => even(n)) }, 'x');
  for (const fleet of [loadFleet('demo'), seven]) {
    for (let wanted = 1; wanted <= 60; wanted++) {
      const { groups } = changedFleet(fleet, { devices: `${wanted}` });
      assert.equal(
        groups.reduce((sum, { count }) => sum + count, 0),
        wanted,
      );
      assert.ok(groups.every(({ count }) => count > 0));
    }
  }
});

test('a rate sets the interval of every group, with few enough samples that times still differ', () => {
  const fleet = changedFleet(loadFleet('bench-1000'), { rate: '2.5' });
  assert.equal(fleet.groups[0].frameIntervalMs, 400);
  const fast = changedFleet(loadFleet('bench-1000'), { rate: '1000', seed: '9' });
  assert.deepEqual([fast.groups[0].frameIntervalMs, fast.groups[0].samplesPerFrame, fast.seed], [1, 1, 9]);
  assert.deepEqual(changedFleet(loadFleet('demo'), {}), loadFleet('demo'));
});

test('invalid options are refused with advice', () => {
  const fleet = loadFleet('demo');
  for (const change of [{ devices: '0' }, { devices: '-1' }, { devices: '1.5' }, { seed: 'x' }])
    assert.throws(() => changedFleet(fleet, change), /write a whole number, at least [01]/);
  for (const rate of ['0', '-1', 'x', '', '1001', 'Infinity'])
    assert.throws(() => changedFleet(fleet, { rate }), /write frames per second/);
  for (const text of ['', '6x', '1w', '-5s', 's']) assert.throws(() => durationOf(text), FleetError);
  assert.deepEqual(
    ['60', '500ms', '1.5s', '5m', '1h', '1d'].map(durationOf),
    [60_000, 500, 1_500, 300_000, 3_600_000, 86_400_000],
  );
});

test('devices connect to the path of the contract if only host and port are given', () => {
  for (const text of ['ws://127.0.0.1:8080', 'ws://127.0.0.1:8080/', 'ws://127.0.0.1:8080/v1/device'])
    assert.equal(deviceUrlOf(text), 'ws://127.0.0.1:8080/v1/device');
  assert.equal(deviceUrlOf('wss://host/behind/v1/device/'), 'wss://host/behind/v1/device');
  for (const text of ['127.0.0.1:8080', 'http://127.0.0.1:8080', ''])
    assert.throws(() => deviceUrlOf(text), FleetError);
});

test('the operator key is read from the option, else from the environment, else from the data folder', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-key-'));
  context.after(() => rmSync(folder, { recursive: true }));
  assert.throws(
    () => operatorKey(undefined, undefined, folder),
    /admin\.key cannot be read \(ENOENT\)\. Give --key, TIDEGATE_KEY, or --data/,
  );
  writeFileSync(join(folder, 'admin.key'), 'tgk_c\n');
  assert.equal(operatorKey('tgk_a', 'tgk_b', folder), 'tgk_a');
  assert.equal(operatorKey(undefined, 'tgk_b', folder), 'tgk_b');
  assert.equal(operatorKey(undefined, '', folder), 'tgk_c');
});

test('devices connect to the host of the operator API, unless another address is given', () => {
  assert.deepEqual(['http://127.0.0.1:8081', 'https://gateway.example/', 'http://[::1]:9000'].map(deviceUrlBeside), [
    'ws://127.0.0.1:8080',
    'wss://gateway.example:8080',
    'ws://[::1]:8080',
  ]);
  for (const text of ['', '127.0.0.1:8081', 'http://', 'ws://a'])
    assert.throws(() => deviceUrlBeside(text), FleetError);
});
