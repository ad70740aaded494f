import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayClock } from './gatewayClock.js';
import { createManualTiming } from './manualTiming.fixture.js';

const serverTime = 1_800_000_000_000;

test("before the first time of the gateway the clock is the device's own", () => {
  const { timing, advance } = createManualTiming(5_000);
  const clock = new GatewayClock(timing);
  assert.equal(clock.now(), 5_000);
  advance(10);
  assert.equal(clock.now(), 5_010);
});

test("the gateway's time continues, also if the device's own clock is set", () => {
  const { timing, advance } = createManualTiming();
  let setBackMs = 0;
  const clock = new GatewayClock({ ...timing, now: () => timing.now() - setBackMs });
  clock.set(serverTime);
  setBackMs = 86_400_000;
  advance(1_000);
  assert.equal(clock.now(), serverTime + 1_000);
});

test('a difference of up to a second is taken as delay and ignored, and a larger one sets the clock', () => {
  const { timing } = createManualTiming(serverTime);
  const clock = new GatewayClock(timing);
  clock.set(serverTime + 5);
  assert.equal(clock.now(), serverTime + 5, 'the first time counts, however small the difference');
  for (const off of [1_000, -1_000]) {
    clock.set(serverTime + 5 + off);
    assert.equal(clock.now(), serverTime + 5);
  }
  for (const off of [1_001, -1_001]) {
    const told = clock.now() + off;
    clock.set(told);
    assert.equal(clock.now(), told);
  }
});
