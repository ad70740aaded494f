import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClockJury, type Voter } from './clockJury.js';

const hour = 3_600_000;

function juryAt({ hasData = true } = {}) {
  const steady = { now: 0 };
  const jury = new ClockJury(() => steady.now, hasData);
  const voters = Array.from({ length: 40 }, (): Voter => ({ clockVote: 0 }));
  return { jury, voters, steady };
}

test('within two minutes of a start one device ahead is asked to come again, unless another agrees with the clock', () => {
  const { jury, voters, steady } = juryAt();
  assert.equal(jury.isClockAtFault(voters[0], hour), true);
  assert.equal(jury.behindMs(), null, 'one device is not believed');
  jury.heard(voters[1], false);
  assert.equal(jury.isClockAtFault(voters[0], hour), true, 'a device without own times says nothing');
  jury.heard(voters[2], true);
  assert.equal(jury.isClockAtFault(voters[0], hour), false);
  jury.stepped();
  assert.equal(jury.isClockAtFault(voters[0], hour), true);
  steady.now += 120_001;
  assert.equal(jury.isClockAtFault(voters[0], hour), false, 'a device alone is refused for good after two minutes');
  assert.equal(juryAt({ hasData: false }).jury.isClockAtFault(voters[3], hour), false, 'a new gateway');
});

test('three devices that agree with each other, and are more than half of all, are believed more than the clock', () => {
  const { jury, voters, steady } = juryAt();
  steady.now += 1e9;
  for (const voter of voters.slice(3, 5)) jury.heard(voter, true);
  assert.equal(jury.isClockAtFault(voters[0], 3 * hour), false);
  assert.equal(jury.isClockAtFault(voters[1], 3 * hour + 1_000), false);
  assert.equal(jury.isClockAtFault(voters[2], 3 * hour - 1_000), true);
  assert.equal(jury.behindMs(), 3 * hour - 1_000);
  jury.stepped();
  assert.equal(jury.behindMs(), null);
});

test('devices that are ahead by different spans, or are few among many, are not believed', () => {
  const { jury, voters, steady } = juryAt();
  steady.now += 1e9;
  for (const [i, voter] of voters.slice(0, 10).entries()) jury.isClockAtFault(voter, (i + 1) * hour);
  assert.equal(jury.behindMs(), null);
  const few = juryAt();
  few.steady.now += 1e9;
  for (const voter of few.voters) few.jury.heard(voter, false);
  for (const voter of few.voters.slice(0, 20)) assert.equal(few.jury.isClockAtFault(voter, hour), false);
  assert.equal(few.jury.isClockAtFault(few.voters[20], hour), true, 'now they are more than half');
});

test('a device that changes its word counts once, and an operator counts more than all', () => {
  const { jury, voters, steady } = juryAt();
  steady.now += 1e9;
  for (let n = 0; n < 5; n++) {
    jury.isClockAtFault(voters[0], hour);
    jury.heard(voters[0], true);
    jury.isClockAtFault(voters[0], hour);
  }
  assert.equal(jury.behindMs(), null);
  jury.confirm();
  for (const voter of voters) assert.equal(jury.isClockAtFault(voter, hour), false);
  jury.stepped();
  assert.equal(jury.isClockAtFault(voters[0], hour), true, 'after a step the confirmation is over');
});
