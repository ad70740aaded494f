import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mixedFleet } from './mixedFleet.fixture.js';
import { expectedReadings, planOf } from './simulatedDevice.js';
import { verifyFleet } from './verify.js';
import { createWitness } from './witness.js';

test('verification finds what is lost, duplicated, altered and invented, and lets the unacknowledged be', async () => {
  const dueAt = 1_000_000;
  const plan = planOf(mixedFleet().groups[0], 7);
  const witness = { numeric: createWitness(dueAt, 50), text: createWitness(dueAt, 50) };
  witness.numeric.note(dueAt, 'acked');
  witness.numeric.note(dueAt + 50, 'sent');
  witness.numeric.note(dueAt + 100, 'nacked');
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
  const witness = createWitness(5_000, 250);
  for (let n = 0; n < 300; n++) witness.note(5_000 + 250 * n, 'sent');
  witness.note(5_250, 'acked');
  witness.note(5_500, 'nacked');
  witness.note(5_750, 'none');
  const frames = [...witness.frames()];
  assert.deepEqual(frames.slice(0, 4), [
    { dueAt: 5_000, state: 'sent' },
    { dueAt: 5_250, state: 'acked' },
    { dueAt: 5_500, state: 'nacked' },
    { dueAt: 6_000, state: 'sent' },
  ]);
  assert.equal(frames.length, 299);
  assert.throws(() => witness.note(5_001, 'acked'), /no frame is due at 5001/);
  assert.throws(() => witness.note(4_750, 'acked'), RangeError);
});
