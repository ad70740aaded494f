import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandStates, finalStates, isFinal } from '../domain/command.js';
import { commandEvents, knownOf, stateAfter } from './lifecycle.js';

/** What the contract says of every pair; what is not here changes nothing. */
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

test('every pair of state and event leads where the contract says, or nowhere', () => {
  for (const state of commandStates)
    for (const event of commandEvents)
      assert.equal(stateAfter(state, event), expected.get(`${state} ${event}`) ?? null, `${state} ${event}`);
});

test('nothing leads out of an end, and no way leads back', () => {
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

test('known says what the gateway last heard', () => {
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
