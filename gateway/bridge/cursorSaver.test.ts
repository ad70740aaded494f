import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Logger } from 'pino';
import { CursorSaver } from './cursorSaver.js';

function saverAt(position: number) {
  const moves: { to: number; done(error?: Error): void }[] = [];
  const warnings: string[] = [];
  const log = { warn: (_facts: object, text: string) => warnings.push(text) } as unknown as Logger;
  const moveCursor = (to: number): Promise<void> =>
    new Promise((resolve, reject) => {
      moves.push({ to, done: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  return { cursor: new CursorSaver(position, moveCursor, log), moves, warnings };
}

test('a cursor that has not moved is not saved', async () => {
  const { cursor, moves } = saverAt(7);
  await cursor.save();
  await cursor.finish();
  assert.equal(moves.length, 0);
});

test('one save runs at a time, and the close saves the last position', async () => {
  const { cursor, moves } = saverAt(0);
  cursor.position = 5;
  const first = cursor.save();
  cursor.position = 9;
  assert.equal(cursor.save(), first);
  assert.deepEqual(
    moves.map(({ to }) => to),
    [5],
  );
  moves[0].done();
  await first;
  const finished = cursor.finish();
  await Promise.resolve();
  assert.equal(moves[1].to, 9);
  moves[1].done();
  await finished;
  await cursor.save();
  assert.equal(moves.length, 2);
});

test('a failed save is reported and retried', async () => {
  const { cursor, moves, warnings } = saverAt(0);
  cursor.position = 5;
  const first = cursor.save();
  moves[0].done(new Error('disk'));
  await first;
  assert.equal(warnings.length, 1);
  const second = cursor.save();
  assert.equal(moves[1].to, 5);
  moves[1].done();
  await second;
});
