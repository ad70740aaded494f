import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createArchive } from './archive.js';
import { createPaceMemory, createPacer } from './pace.js';

interface Call {
  name: string;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** An archive whose threads answer when the test says so. */
function open() {
  const calls: Call[] = [];
  const failures: string[] = [];
  const thread = {
    call: (name: string) => new Promise((resolve, reject) => calls.push({ name, resolve, reject })),
  };
  const archive = createArchive({
    writer: thread as never,
    archiver: thread as never,
    pacer: createPacer(createPaceMemory()),
    now: () => 1_000,
    sealReadings: 1_000,
    sealIntervalMs: 1e9,
    restored: { position: 0, sealedPosition: 0, replayedReadings: 0 },
    retentionAllowed: () => false,
    sealed() {},
    worked() {},
    failed: ({ message }) => void failures.push(message),
  });
  /** The oldest call of this name that was not answered. */
  async function next(name: string): Promise<Call> {
    for (let turns = 0; turns < 100; turns++) {
      const at = calls.findIndex((call) => call.name === name);
      if (at >= 0) return calls.splice(at, 1)[0];
      await turn();
    }
    throw new Error(`there was no call of ${name}, but of ${calls.map((call) => call.name)}`);
  }
  return { archive, calls, failures, next };
}

const sealedUpTo = (position: number, fold: Uint8Array[] = []) => ({
  position,
  ...{ rows: 1, readings: 10, repeated: 0, days: 1, runsMax: 1, fold, ms: 1, restedMs: 0 },
});

test('who asks for a seal while an older one fails gets a try of its own', async () => {
  const { archive, failures, next } = open();
  archive.committed(5, 10);
  const first = archive.seal();
  const second = archive.seal();
  (await next('seal')).reject(new Error('disk full'));
  await assert.rejects(first, /disk full/);
  (await next('seal')).resolve(sealedUpTo(5));
  (await next('upkeep')).resolve(null);
  (await next('cut')).resolve(true);
  await second;
  assert.deepEqual([failures, archive.unsealedReadings()], [['disk full'], 0]);
  await archive.close();
});

test('the archiver merges while the writer keeps what a seal left behind, and seals again only after that', async () => {
  const { archive, calls, next } = open();
  archive.committed(5, 10);
  const first = archive.seal();
  archive.committed(6, 10);
  const second = archive.seal();
  (await next('seal')).resolve(sealedUpTo(5, [new Uint8Array(1), new Uint8Array(1)]));
  const fold = await next('fold');
  (await next('upkeep')).resolve({ task: 'merge', day: '2026-11-25', ms: 1, done: false });
  (await next('upkeep')).resolve(null);
  fold.resolve(undefined);
  (await next('fold')).resolve(undefined);
  const cut = await next('cut');
  await turn();
  assert.deepEqual([calls, archive.unsealedReadings()], [[], 20]);
  cut.resolve(true);
  await first;
  (await next('seal')).resolve(sealedUpTo(6));
  (await next('upkeep')).resolve(null);
  (await next('cut')).resolve(true);
  await second;
  assert.equal(archive.unsealedReadings(), 0);
  await archive.close();
});

test('a seal that the writer could not keep is kept at the next try, and not made again', async () => {
  const { archive, calls, failures, next } = open();
  archive.committed(5, 10);
  const first = archive.seal();
  (await next('seal')).resolve(sealedUpTo(5, [new Uint8Array(1)]));
  (await next('fold')).reject(new Error('disk full'));
  (await next('upkeep')).resolve(null);
  await assert.rejects(first, /disk full/);
  const second = archive.seal();
  (await next('fold')).resolve(undefined);
  (await next('cut')).resolve(true);
  (await next('upkeep')).resolve(null);
  await second;
  assert.deepEqual([failures, calls, archive.unsealedReadings()], [['disk full'], [], 0]);
  await archive.close();
});
