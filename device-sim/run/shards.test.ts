import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mixedFleet } from '../fleet/mixedFleet.fixture.js';
import { timedPhases } from '../fleet/phases.js';
import type { ShardOptions } from './shard.js';
import { divide, openShards } from './shards.js';

test('a fleet is divided evenly, without gap or overlap', () => {
  for (const [devices, processes] of [
    [1, 1],
    [10, 3],
    [45_001, 4],
    [3, 3],
  ]) {
    const ranges = divide(devices, processes);
    assert.deepEqual([ranges[0][0], ranges.at(-1)?.[1]], [0, devices]);
    ranges.slice(1).forEach(([from], i) => assert.equal(from, ranges[i][1]));
    const sizes = ranges.map(([from, to]) => to - from);
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `${sizes}`);
  }
});

test('the failure of one process is reported, and the others can be stopped', { timeout: 60_000 }, async () => {
  const good: ShardOptions = {
    fleet: mixedFleet(),
    phases: timedPhases([], undefined),
    from: 0,
    to: 1,
    secrets: new Map([['b-1', 's']]),
    startedAt: Date.now(),
    url: 'http://127.0.0.1:1',
    key: 'tgk_x',
    deviceUrl: 'ws://127.0.0.1:1/v1/device',
    drainMs: 0,
    verify: false,
  };
  const hooks = () => ({ stop: new Promise<void>(() => {}), progress: () => {} });
  const shards = await openShards(2);
  await assert.rejects(shards.run([good, { ...good, deviceUrl: 'nonsense' }], hooks), /Invalid URL/);
  shards.end();
});
