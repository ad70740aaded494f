import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandStates, finalStates, isFinal } from '../domain/command.js';
import { commandEvents, knownOf, stateAfter } from './lifecycle.js';

/** The next state per pair of state and event, from the contract. A pair that is not listed changes nothing. */
const expected = new Map<string, string>(
  [
    ['queued', 'sent', 'sent'],
    ['queued', 'expire', 'expired'],
    ['queued', 'cancel', 'cancelled'],
    ['queued', 'supersede', 'superseded'],
    ['queued', 'remove_device', 'device_removed'],
    ['sent', 'received', 'received'],
    ...['sent', 'received'].flatMap((from) => [[from, 'running', 'running']]),
    ...['sent', 'received', 'running'].flatMap((from) => [
      [from, 'succeeded', 'succeeded'],
      [from, 'failed', 'failed'],
      [from, 'rejected', 'rejected'],
      [from, 'time_out', 'timed_out'],
    ]),
  ].map(([state, event, next]) => [`${state} ${event}`, next]),
);

test('every pair of state and event leads to the state in the contract, or changes nothing', () => {
  for (const state of commandStates)
    for (const event of commandEvents)
      assert.equal(stateAfter(state, event), expected.get(`${state} ${event}`) ?? null, `${state} ${event}`);
});

test('no event leads out of a final state or back to an earlier state', () => {
  const order = ['queued', 'sent', 'received', 'running'];
  for (const state of commandStates)
    for (const event of commandEvents) {
      const next = stateAfter(state, event);
      if (next === null) continue;
      assert.ok(!isFinal(state));
      assert.ok(isFinal(next) || order.indexOf(next) > order.indexOf(state), `${state} to ${next}`);
    }
  assert.equal(finalStates.filter(isFinal).length, finalStates.length);
});

test('known is the last state that the gateway received', () => {
  assert.deepEqual(
    [
      knownOf('queued', false),
      knownOf('queued', true),
      knownOf('sent', true),
      knownOf('received', true),
      knownOf('running', true),
    ],
    [0, 255, 255, 1, 2],
  );
});
