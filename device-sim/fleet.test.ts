import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startTestGateway } from '../gateway/gateway.fixture.js';
import { packageRoot } from '../schemas/packageRoot.js';
import { runFleet } from './fleet.js';
import { checkFleet, FleetError, loadFleet } from './fleetFile.js';
import { startHostMonitor } from './hostMonitor.js';
import { createSignal, uniform } from './signals.js';
import { framesDue, planOf } from './simulatedDevice.js';
import { isClean } from './verify.js';

const never = new Promise<void>(() => {});
const mixed = {
  seed: 7,
  rampSeconds: 0.2,
  groups: [
    {
      prefix: 'b',
      count: 6,
      encoding: 'binary',
      frameIntervalMs: 50,
      samplesPerFrame: 5,
      signals: { temperature: { type: 'temperature' }, door: { type: 'door' } },
    },
    {
      prefix: 'j',
      count: 4,
      frameIntervalMs: 70,
      signals: { lat: { type: 'lat', mean: 53 }, state: { type: 'switch' } },
    },
    {
      prefix: 'd',
      count: 2,
      encoding: 'binary',
      valueType: 'f64',
      frameIntervalMs: 90,
      signals: { wave: { type: 'wave' } },
    },
  ],
};

test('every acknowledged reading of a fleet is stored once and as it was sent', async (context) => {
  const { gateway } = await startTestGateway(context);
  const options = {
    fleet: checkFleet(structuredClone(mixed), 'test'),
    url: gateway.operatorUrl,
    key: gateway.adminKey ?? '',
    deviceUrl: gateway.deviceUrl,
  };
  const result = await runFleet({ ...options, durationMs: 1_500, stop: never, verify: true });
  assert.ok(result.framesAcked > 100, `${result.framesAcked} frames`);
  assert.deepEqual([result.framesNacked, result.framesDropped, result.connected], [0, 0, 12]);
  const { expected, found, examples, ...faults } = result.verdict ?? assert.fail('not verified');
  assert.deepEqual(faults, { lost: 0, duplicated: 0, altered: 0, invented: 0 }, examples.join('\n'));
  assert.equal(expected, result.readingsAcked);
  assert.ok(found >= expected);
});

test('a run in which nothing was acknowledged is not clean', () => {
  const nothing = { expected: 0, found: 0, lost: 0, duplicated: 0, altered: 0, invented: 0, examples: [] };
  assert.equal(isClean(nothing), false);
  assert.equal(isClean({ ...nothing, expected: 1, found: 1 }), true);
});

test('verification finds what is lost, altered and invented', async (context) => {
  const { gateway } = await startTestGateway(context);
  const fleet = checkFleet({ ...structuredClone(mixed), groups: [structuredClone(mixed.groups[0])] }, 'test');
  const { verifyFleet } = await import('./verify.js');
  const plan = planOf(fleet.groups[0], 7);
  const readings = [
    { metric: 'temperature', ts: 1_000_000, value: -400 },
    { metric: 'temperature', ts: 1_000_010, value: 1 },
    { metric: 'door', ts: 1_000_010, value: 'ajar' },
    { metric: 'surprise', ts: 1_000_010, value: 1 },
  ];
  const api = {
    provision: async () => '',
    async *readings() {
      yield* readings;
      yield readings[0];
    },
  };
  const dueAt = 1_000_010;
  const member = {
    id: 'b-1',
    index: 0,
    plan,
    secret: '',
    device: null as never,
    nextDueAt: 0,
    acked: { numeric: new Set([dueAt]), text: new Set<number>() },
    sent: { numeric: new Set([dueAt]), text: new Set([dueAt]) },
  };
  const verdict = await verifyFleet(api, [member]);
  assert.deepEqual([verdict.expected, verdict.lost, verdict.duplicated, verdict.invented], [5, 3, 1, 1]);
  assert.equal(verdict.altered, 3);
  assert.ok(verdict.examples.some((example) => example.startsWith('lost: b-1 temperature 999')));
  void gateway;
});

test('signals are functions of seed, device and time alone', () => {
  for (const type of [
    'temperature',
    'humidity',
    'battery',
    'energy',
    'lat',
    'lon',
    'speed',
    'door',
    'switch',
    'wave',
  ] as const) {
    const [one, same] = [createSignal({ type }, 5), createSignal({ type }, 5)];
    for (let ts = 1_795_305_600_000; ts < 1_795_305_700_000; ts += 9_999) assert.equal(one(3, ts), same(3, ts));
  }
  const energy = createSignal({ type: 'energy' }, 5);
  for (let ts = 1_795_305_600_000, last = -1; ts < 1_795_305_900_000; ts += 1_000) {
    assert.ok((energy(1, ts) as number) >= last, 'an energy counter never runs back');
    last = energy(1, ts) as number;
  }
});

test('chance is spread evenly and differs between devices, steps and seeds', () => {
  let sum = 0;
  for (let i = 0; i < 10_000; i++) sum += uniform(1, i % 100, i);
  assert.ok(Math.abs(sum / 10_000 - 0.5) < 0.02);
  assert.equal(new Set([uniform(1, 2, 3), uniform(2, 2, 3), uniform(1, 3, 3), uniform(1, 2, 4)]).size, 4);
});

test('the same frame is encoded the same again, as verification relies on', () => {
  const plan = planOf(checkFleet(structuredClone(mixed), 'test').groups[0], 7);
  const [a, b] = [framesDue(plan, 3, 1_795_305_600_000), framesDue(plan, 3, 1_795_305_600_000)];
  assert.equal(a.length, 2);
  assert.deepEqual(
    a.map((frame) => frame.encode(9)),
    b.map((frame) => frame.encode(9)),
  );
});

test('the fleets that come with Tidegate are good, and faults in others are told all at once', () => {
  for (const file of readdirSync(join(packageRoot, 'config', 'fleets'))) loadFleet(file.replace('.yaml', ''));
  assert.throws(() => loadFleet('none-such'), FleetError);
  assert.throws(
    () => checkFleet({ groups: [{ prefix: 'a b', count: 0, signals: { x: { type: 'magic' } } }] }, 'bad.yaml'),
    (error: Error) =>
      ['/groups/0/prefix', '/groups/0/count', '/groups/0/signals/x/type'].every((path) => error.message.includes(path)),
  );
  const group = { prefix: 'a', count: 1, frameIntervalMs: 10, samplesPerFrame: 11, signals: { x: { type: 'wave' } } };
  assert.throws(() => checkFleet({ groups: [group] }, 'x'), /times would repeat/);
  assert.throws(
    () =>
      checkFleet(
        {
          groups: [
            { ...group, samplesPerFrame: 1 },
            { ...group, samplesPerFrame: 1 },
          ],
        },
        'x',
      ),
    /two groups have the prefix a/,
  );
});

test('the host monitor reports this machine as a device', async (context) => {
  const tools = await startTestGateway(context);
  const { secret } = await tools.addDevice('here');
  const live = tools.api;
  const stop = startHostMonitor({ url: tools.gateway.deviceUrl, id: 'here', secret, intervalMs: 50 });
  let metrics: Record<string, { value: number; unit: string | null }> = {};
  while (Object.keys(metrics).length === 0)
    ({ metrics } = (await live('GET', '/v1/devices/here/latest')).body as { metrics: typeof metrics });
  await stop();
  assert.ok(metrics['memory/used'].value > 1e6);
  assert.equal(metrics['memory/used'].unit, 'B');
});
