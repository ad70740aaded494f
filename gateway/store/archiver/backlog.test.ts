import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backlog } from './backlog.js';

const empty = { position: 0, sealedPosition: 0, replayedReadings: 0 };

test('a caller waits until everything committed before its call is sealed, and not for later commits', async () => {
  const backlog = new Backlog(empty, 100);
  backlog.committed(5, 10);
  const ends: string[] = [];
  const first = backlog.untilSealed().then(() => ends.push('first'));
  backlog.committed(6, 10);
  const second = backlog.untilSealed().then(() => ends.push('second'));
  backlog.sealed(4, 1);
  backlog.sealed(5, 9);
  await first;
  assert.deepEqual([ends, backlog.isEmpty, backlog.isWanted, backlog.unsealedReadings], [['first'], false, true, 10]);
  backlog.sealed(6, 10);
  await second;
  assert.deepEqual([backlog.isEmpty, backlog.isWanted, backlog.unsealedReadings], [true, false, 0]);
});

test('there is room below the limit, and a seal makes room for a waiting caller', async () => {
  const backlog = new Backlog({ ...empty, replayedReadings: 90 }, 100);
  assert.equal(backlog.untilRoom(), null);
  backlog.committed(1, 10);
  const room = backlog.untilRoom();
  assert.ok(room !== null);
  backlog.sealed(1, 1);
  await room;
  assert.equal(backlog.untilRoom(), null);
});

test('a failed seal rejects the callers that waited when it began, and returns whether others wait', async () => {
  const backlog = new Backlog(empty, 100);
  backlog.committed(1, 1);
  const first = backlog.untilSealed();
  const waited = backlog.sealWaiters();
  assert.equal(backlog.sealFailed(new Set(), new Error('nobody waited')), true);
  const second = backlog.untilSealed();
  assert.equal(backlog.sealFailed(waited, new Error('disk full')), true);
  await assert.rejects(first, /disk full/);
  assert.equal(backlog.sealFailed(backlog.sealWaiters(), new Error('disk full again')), false);
  await assert.rejects(second, /disk full again/);
});

test('the backlog never falls below zero, also if a position is sealed twice', () => {
  const backlog = new Backlog({ position: 5, sealedPosition: 3, replayedReadings: 2 }, 100);
  backlog.sealed(5, 3);
  backlog.sealed(4, 1);
  assert.deepEqual([backlog.unsealedReadings, backlog.isEmpty], [0, true]);
});
