import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mixedFleet } from './mixedFleet.fixture.js';
import { expectedReadings, paceOf, planOf } from './simulatedDevice.js';
import { verifyFleet } from './verify.js';
import { createWitness } from './witness.js';

test('verification finds what is lost, duplicated, altered and invented, and lets the unacknowledged be', async () => {
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
  const verdictOn = (stored: typeof sent) =>
    verifyFleet(
      {
        async *readings(_id, from, to) {
          yield* stored.filter(({ ts }) => ts >= from && ts < to);
        },
      },
      [member],
    );
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

test('a value that went as f32 is expected as f32, one that went as JSON or f64 as it is', () => {
  const [narrow, , wide] = mixedFleet().groups.map((group) => planOf(group, 7));
  const [first] = expectedReadings(narrow, 'numeric', 0, 1_000_000);
  assert.equal(first.value, Math.fround(narrow.numeric[0].signal(0, first.ts) as number));
  assert.notEqual(first.value, narrow.numeric[0].signal(0, first.ts));
  const [other] = expectedReadings(wide, 'numeric', 0, 1_000_000);
  assert.equal(other.value, wide.numeric[0].signal(0, other.ts));
});

test('a witness keeps a byte a frame and tells what became of each', () => {
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

test('a witness follows its device through changes of pace, and takes late acks of frames before', () => {
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
