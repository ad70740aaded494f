import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway } from '../../gateway/gateway.fixture.js';
import { FleetError } from '../fleet/fleet.js';
import { checkFleet } from '../fleet/loadFleet.js';
import { isTrait } from '../fleet/traits.js';
import { createCounts } from '../measure/counts.js';
import { isVerified, runFleet } from '../run/runFleet.js';
import { type FaultName, gapMs, harms, scheduleFaults } from './faults.js';
import type { Member } from './members.js';
import { createSchedule } from './schedule.js';

const group = (prefix: string, more: object = {}) => ({
  prefix,
  count: 5,
  frameIntervalMs: 50,
  signals: { temperature: { type: 'temperature' } },
  ...more,
});

/** The times in seconds at which the links of a device are dropped within ten minutes. */
function dropsOf(seed: number, index: number): number[] {
  const schedule = createSchedule();
  const drops: number[] = [];
  let now = 0;
  const member = {
    index,
    plan: { group: { prefix: 'a' } },
    device: { state: () => 'linked', drop: () => drops.push(now) },
  };
  scheduleFaults(member as unknown as Member, {
    faults: [{ fault: 'drop_link', perMinute: 2, devices: 0.8 }],
    seed,
    from: 0,
    schedule,
    counts: createCounts(),
    api: { newSecret: () => assert.fail('no') },
  });
  for (; now < 600; now++) schedule.run(1000 * now);
  return drops;
}

test('simulated faults follow from the seed and the device, at the given rate and share', () => {
  assert.deepEqual(dropsOf(1, 3), dropsOf(1, 3));
  assert.notDeepEqual(dropsOf(1, 3), dropsOf(2, 3));
  const all = Array.from({ length: 400 }, (_, index) => dropsOf(1, index));
  const struck = all.filter((drops) => drops.length > 0);
  assert.ok(struck.length > 280 && struck.length < 360, `${struck.length} of 400 devices`);
  const mean = struck.reduce((sum, drops) => sum + drops.length, 0) / struck.length;
  assert.ok(mean > 18 && mean < 22, `${mean} in ten minutes`);
});

test('a fault with a rate of 0 never strikes', () => {
  assert.equal(gapMs(0, 0.5), Number.POSITIVE_INFINITY);
});

test('a fleet must say when each fault strikes, and which groups', () => {
  const faultsIn = (...faults: object[]): string[] => {
    try {
      checkFleet({ groups: [group('a')], faults }, 'x');
      return [];
    } catch (error) {
      assert.ok(error instanceof FleetError);
      return error.message.split('\n').slice(1);
    }
  };
  assert.equal(faultsIn({ fault: 'drop_link' }, { fault: 'drop_link', perMinute: 1, atSeconds: 1 }).length, 2);
  assert.equal(faultsIn({ fault: 'no_clock', perMinute: 1 }).length, 1);
  assert.match(faultsIn({ fault: 'drop_link', atSeconds: 1, groups: ['b'] })[0], /there is no group b/);
  assert.match(faultsIn({ fault: 'no_clock' }, { fault: 'reboot_forgetting', perMinute: 1 })[0], /do not go together/);
  assert.deepEqual(faultsIn({ fault: 'no_clock' }, { fault: 'drop_link', perMinute: 1 }), []);
});

test('under all faults at once no acknowledged reading is lost', async (context) => {
  const { gateway } = await startTestGateway(context);
  const events = (Object.keys(harms) as FaultName[]).filter((fault) => !isTrait({ fault }) && fault !== 'clock_jump');
  const result = await runFleet({
    fleet: checkFleet(
      {
        rampSeconds: 0.2,
        phases: [
          { name: 'steady', seconds: 1.5 },
          { name: 'burst', seconds: 1, rate: 3 },
          { name: 'pause', seconds: 0.3, rate: 0 },
          { name: 'again', seconds: 0.7 },
        ],
        faults: [
          ...events.map((fault) => ({ fault, groups: ['json', 'binary'], perMinute: 10, seconds: [0.1, 1] })),
          { fault: 'clock_skew', groups: ['ahead'], skewSeconds: 60 },
          { fault: 'clock_jump', groups: ['jumping'], skewSeconds: -0.3, perMinute: 60 },
          { fault: 'no_clock', groups: ['none', 'none-binary'] },
          { fault: 'drop_link', groups: ['none'], perMinute: 20 },
        ],
        commands: { perSecond: 20, mix: [{ name: 'open' }, { name: 'set_interval', params: { seconds: 0.1 } }] },
        groups: [
          group('json'),
          group('binary', { encoding: 'binary', samplesPerFrame: 5 }),
          group('ahead'),
          group('jumping'),
          group('none', { frameIntervalMs: 200 }),
          group('none-binary', { frameIntervalMs: 200, encoding: 'binary' }),
        ],
      },
      'test',
    ),
    url: gateway.operatorUrl,
    key: gateway.adminKey ?? '',
    deviceUrl: gateway.deviceUrl,
    stop: new Promise(() => {}),
    verify: true,
    watch: true,
  });
  assert.ok(isVerified(result), JSON.stringify([result.verdict, result.commands]));
  assert.deepEqual([result.framesDropped, result.framesUnacked], [0, 0]);
  assert.ok(Object.keys(result.faults).length >= 10, JSON.stringify(result.faults));
  assert.ok((result.commands?.checked ?? 0) > 20);
  assert.ok(new Set(result.samples.map(({ stage }) => stage)).size >= 2);
});
