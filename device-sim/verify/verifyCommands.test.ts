import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandBody } from '../../schemas/generated/operator.js';
import { createCommandWitness, type WitnessedCommand } from '../member/commandWitness.js';
import { commandsAreClean, faultsOfCommand, verifyCommands } from './verifyCommands.js';

const saw = (change: Partial<WitnessedCommand>): WitnessedCommand => ({
  name: 'n',
  came: 1,
  runs: 1,
  said: ['received', 'succeeded'],
  repeatable: false,
  ...change,
});
const faults = (state: CommandBody['state'] | undefined, seen: WitnessedCommand | undefined): string =>
  faultsOfCommand(state === undefined ? undefined : { state }, seen).join(' ');

test('a record is correct if the device reported its state', () => {
  for (const state of ['succeeded', 'timed_out'] as const) assert.equal(faults(state, saw({})), '');
  assert.equal(faults('received', saw({ said: ['received'] })), '');
  assert.equal(faults('running', saw({ said: ['received', 'running'] })), '');
  for (const state of ['sent', 'queued', 'expired', 'cancelled', 'superseded', 'device_removed', 'timed_out'] as const)
    assert.equal(faults(state, undefined), '');
});

test('a record that goes further than the device reported is found', () => {
  for (const state of ['received', 'running', 'succeeded', 'failed', 'rejected'] as const)
    assert.equal(faults(state, undefined), 'further');
  assert.equal(faults('failed', saw({})), 'further');
  assert.equal(faults('succeeded', saw({ said: ['received'] })), 'further');
});

test('repeated runs, denied, stuck and unknown commands are found', () => {
  assert.equal(faults('succeeded', saw({ runs: 2 })), 'twice');
  assert.equal(faults('succeeded', saw({ runs: 2, repeatable: true })), '');
  for (const state of ['expired', 'cancelled', 'superseded', 'device_removed'] as const)
    assert.equal(faults(state, saw({ runs: 0, said: [] })), 'denied');
  for (const state of ['sent', 'received'] as const) assert.equal(faults(state, saw({})), 'stuck');
  assert.equal(faults('queued', saw({})), 'denied stuck');
  assert.equal(faults(undefined, saw({})), 'unknown');
});

test('verification waits for updates in flight, and counts every command once', async () => {
  const commands = createCommandWitness();
  const command = { id: 'c', name: 'n', params: {}, expiresAt: 0, known: 0 };
  commands.came(command);
  void commands.noting({ run: () => 1 }).run({}, () => {}, command);
  for (const state of ['received', 'succeeded'] as const) commands.said({ id: 'c', state });
  let asked = 0;
  const verdict = await verifyCommands(
    {
      async *commands() {
        yield { id: 'c', state: ++asked < 3 ? 'received' : 'succeeded' } as CommandBody;
        yield { id: 'd', state: 'received' } as CommandBody;
      },
    },
    [{ id: 'dev', commands, device: { state: () => 'linked', serverNow: () => Date.now() } }],
    0,
  );
  assert.equal(asked, 3);
  const { checked, runs, byState, further, examples } = verdict;
  assert.deepEqual(
    { checked, runs, further, byState },
    { checked: 2, runs: 1, further: 1, byState: { succeeded: 1, received: 1 } },
  );
  assert.deepEqual(examples, ['further: dev d is received; its device: nothing']);
  assert.ok(!commandsAreClean(verdict));
});
