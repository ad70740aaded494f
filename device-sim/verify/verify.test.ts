import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mixedFleet } from '../fleet/mixedFleet.fixture.js';
import { expectedReadings, paceOf, planOf } from '../fleet/plan.js';
import { createWitness } from '../member/witness.js';
import { isClean, mergedVerdict, verifyFleet } from './verify.js';

interface Reading {
  metric: string;
  ts: number;
  value: number | string | boolean;
}

/** A gateway with these stored readings. */
const apiOf = (stored: Reading[]) => ({
  async *readings(_id: string, from: number, to: number) {
    yield* stored.filter(({ ts }) => ts >= from && ts < to);
  },
});

test('verification finds lost, duplicated, altered and invented readings, and accepts unacknowledged ones', async () => {
  const dueAt = 1_000_000;
  const plan = planOf(mixedFleet().groups[0], 7);
  const witness = createWitness(dueAt, plan.pace);
  witness.note('numeric', dueAt, 'acked');
  witness.note('numeric', dueAt + 50, 'sent');
  witness.note('numeric', dueAt + 100, 'nacked');
  const member = { id: 'b-1', index: 0, plan, witness };
  const sent = [...expectedReadings(plan, 'numeric', 0, dueAt)];
  const unacked = [...expectedReadings(plan, 'numeric', 0, dueAt + 50)];
  const refused = [...expectedReadings(plan, 'numeric', 0, dueAt + 100)];
  const verdictOn = (stored: typeof sent) => verifyFleet(apiOf(stored), [member]);
  const counts = async (stored: typeof sent): Promise<string> => {
    const { expected, lost, duplicated, altered, invented } = await verdictOn(stored);
    assert.equal(expected, 5);
    return [lost, duplicated, altered, invented].join(' ');
  };
  assert.equal(await counts(sent), '0 0 0 0');
  assert.equal(await counts([...sent, ...unacked.slice(0, 2)]), '0 0 0 0');
  assert.equal(await counts(sent.slice(1)), '1 0 0 0');
  assert.equal(await counts([...sent, sent[2]]), '0 1 0 0');
  assert.equal(await counts([{ ...sent[0], value: (sent[0].value as number) + 1e-6 }, ...sent.slice(1)]), '0 0 1 0');
  assert.equal(await counts([...sent, { metric: 'door', ts: dueAt, value: 'ajar' }]), '0 0 0 1');
  assert.equal(await counts([...sent, refused[0]]), '0 0 0 1');
  const { examples } = await verdictOn([]);
  assert.deepEqual(examples[0], `lost: b-1 temperature ${dueAt - 40}`);
});

test('if a clock was set back, the first reading of a time counts if it is known to be stored', async () => {
  const plan = planOf(mixedFleet().groups[2], 7);
  const at = (dueAt: number, skewMs: number) =>
    [...expectedReadings(plan, 'numeric', 0, dueAt, { ...plan.pace, skewMs })][0];
  for (const [first, second, good] of [
    ['acked', 'acked', [0]],
    ['acked', 'sent', [0]],
    ['sent', 'acked', [0, 1]],
    ['nacked', 'acked', [1]],
  ] as const) {
    const witness = createWitness(1_000_000, plan.pace);
    witness.note('numeric', 1_000_000, first);
    witness.change(1_000_090, { ...plan.pace, skewMs: -90 });
    witness.note('numeric', 1_000_090, second);
    const readings = [at(1_000_000, 0), at(1_000_090, -90)];
    assert.equal(readings[0].ts, readings[1].ts);
    for (const stored of [0, 1] as const) {
      const verdict = await verifyFleet(apiOf([readings[stored]]), [{ id: 'd-1', index: 0, plan, witness }]);
      assert.equal(
        isClean(verdict),
        (good as readonly number[]).includes(stored),
        `${first}, ${second}, found ${stored}`,
      );
    }
  }
});

test('readings of a device without a clock are compared by value and count', async () => {
  const plan = planOf(mixedFleet().groups[1], 7);
  const pace = { ...plan.pace, skewMs: null };
  const witness = createWitness(1_000_000, pace);
  witness.note('numeric', 1_000_000, 'acked');
  witness.note('numeric', 1_000_070, 'sent');
  const readings = (dueAt: number) =>
    [...expectedReadings(plan, 'numeric', 0, dueAt, pace)].map((reading, n) => ({ ...reading, ts: dueAt + 40 + n }));
  const [acked, unknown] = [readings(1_000_000), readings(1_000_070)];
  const faultsOf = async (stored: typeof acked): Promise<string> => {
    const verdict = await verifyFleet(apiOf(stored), [{ id: 'j-1', index: 0, plan, witness }]);
    const { expected, lost, duplicated, invented } = verdict;
    assert.equal(expected, acked.length);
    return [lost, duplicated, invented].join(' ');
  };
  assert.equal(await faultsOf(acked), '0 0 0');
  assert.equal(await faultsOf([...acked, ...unknown]), '0 0 0');
  assert.equal(await faultsOf(acked.slice(1)), '1 0 0');
  assert.equal(await faultsOf([...acked, { ...acked[0], ts: 1_000_060 }]), '0 1 0');
  assert.equal(await faultsOf([...acked, { metric: 'lat', ts: 1_000_060, value: 1 }]), '0 0 1');
});

test('readings that the gateway returns out of order are found', async () => {
  const plan = planOf(mixedFleet().groups[0], 7);
  const witness = createWitness(1_000_000, plan.pace);
  witness.note('numeric', 1_000_000, 'acked');
  const readings = [...expectedReadings(plan, 'numeric', 0, 1_000_000)];
  const verdict = await verifyFleet(apiOf(readings.toReversed()), [{ id: 'b-1', index: 0, plan, witness }]);
  assert.deepEqual([verdict.lost, verdict.misordered], [0, readings.length - 1]);
  assert.ok(!isClean(verdict));
});

test('the verdicts on the parts of a fleet add up, with some examples per fault', async () => {
  const plan = planOf(mixedFleet().groups[0], 7);
  const verdicts = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const witness = createWitness(1_000_000, plan.pace);
      witness.note('numeric', 1_000_000, 'acked');
      return verifyFleet(apiOf([]), [{ id: `b-${index}`, index, plan, witness }]);
    }),
  );
  const { expected, lost, examples } = mergedVerdict(verdicts);
  assert.deepEqual([expected, lost], [100, 100]);
  assert.ok(examples.length <= 25 && examples.every((example) => example.startsWith('lost: ')));
});

test('a value that was sent as f32 is expected as the shortest decimal of that f32, which is the value itself', () => {
  for (const plan of mixedFleet().groups.map((group) => planOf(group, 7))) {
    const [first] = expectedReadings(plan, 'numeric', 0, 1_000_000);
    assert.equal(first.value, plan.numeric[0].signal(0, first.ts));
  }
});

test('a witness remembers the state of each frame', () => {
  const witness = createWitness(5_000, paceOf(250, 1));
  for (let n = 0; n < 300; n++) witness.note('numeric', 5_000 + 250 * n, 'sent');
  witness.note('numeric', 5_250, 'acked');
  witness.note('numeric', 5_500, 'nacked');
  witness.note('numeric', 5_750, 'none');
  const frames = Array.from(witness.frames('numeric'), ({ dueAt, state }) => ({ dueAt, state }));
  assert.deepEqual(frames.slice(0, 4), [
    { dueAt: 5_000, state: 'sent' },
    { dueAt: 5_250, state: 'acked' },
    { dueAt: 5_500, state: 'nacked' },
    { dueAt: 6_000, state: 'sent' },
  ]);
  assert.equal(frames.length, 299);
  assert.deepEqual([...witness.frames('text')], []);
  assert.throws(() => witness.note('numeric', 5_001, 'acked'), /no frame is due at 5001/);
  assert.throws(() => witness.note('numeric', 4_750, 'acked'), RangeError);
});

test('a witness follows changes of pace, and accepts late acks of earlier frames', () => {
  const witness = createWitness(1_000, paceOf(100, 1));
  witness.change(2_000, paceOf(50, 2, 7));
  assert.throws(
    () => witness.note('text', 1_000, 'sent'),
    /no frame is due at 1000/,
    'nothing was sent at the first pace',
  );
  witness.note('text', 2_050, 'sent');
  witness.change(5_000, paceOf(1_000, 1));
  witness.note('text', 6_000, 'acked');
  witness.note('text', 2_050, 'acked');
  assert.deepEqual(
    Array.from(witness.frames('text'), ({ dueAt, state, pace }) => [dueAt, state, pace.intervalMs, pace.skewMs]),
    [
      [2_050, 'acked', 50, 7],
      [6_000, 'acked', 1_000, 0],
    ],
  );
});
