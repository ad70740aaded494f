import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ArchiveSchedule } from './schedule.js';

interface Call {
  name: string;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** An archive schedule whose threads answer when the test does. */
function open() {
  const calls: Call[] = [];
  const failures: string[] = [];
  const thread = {
    call: (name: string) =>
      name === 'damagedDays'
        ? Promise.resolve([])
        : new Promise((resolve, reject) => calls.push({ name, resolve, reject })),
  };
  const clock = { ms: 1_000 };
  /** The calls of the pacer: the ms to spread the work over, or `hurry`. */
  const told: (number | 'hurry')[] = [];
  const pacer = { worked() {}, spread: (ms: number) => void told.push(ms), hurry: () => void told.push('hurry') };
  const archive = new ArchiveSchedule({
    writer: thread as never,
    archiver: thread as never,
    pacer,
    now: () => clock.ms,
    sealReadings: 1_000,
    sealIntervalMs: 1e9,
    restored: { position: 0, sealedPosition: 0, replayedReadings: 0 },
    retentionAllowed: () => false,
    retentionDays: 30,
    damaged() {},
    sealed() {},
    worked() {},
    failed: ({ message }) => void failures.push(message),
  });
  /** The oldest unanswered call of this name. */
  async function next(name: string): Promise<Call> {
    for (let turns = 0; turns < 100; turns++) {
      const at = calls.findIndex((call) => call.name === name);
      if (at >= 0) return calls.splice(at, 1)[0];
      await turn();
    }
    throw new Error(`there was no call of ${name}, but of ${calls.map((call) => call.name)}`);
  }
  return { archive, calls, failures, next, clock, told };
}

const sealedUpTo = (position: number, fold: Uint8Array[] = [], readings = 10) => ({
  position,
  rows: 1,
  readings,
  repeated: 0,
  days: 1,
  runsMax: 1,
  fold,
  ms: 1,
  restedMs: 0,
});

test('a seal that is requested while an older one fails is tried separately', async () => {
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

test('the archiver merges while the writer stores the fold of a seal, and seals again only after the cut', async () => {
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

test('a fold that the writer could not store is stored at the next try, without another seal', async () => {
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

test('a seal is spread over the time in which its readings arrived, and does not rest if two seals are due', async () => {
  const { archive, next, clock, told } = open();
  async function sealed(position: number): Promise<void> {
    (await next('seal')).resolve(sealedUpTo(position, [], 1_000));
    (await next('upkeep')).resolve(null);
    (await next('cut')).resolve(true);
    await turn();
  }
  clock.ms += 10_000;
  archive.committed(1, 1_000);
  assert.deepEqual(told, [10_000]);
  // The seal takes 15 s. Meanwhile one and a half times the readings of a seal arrive.
  clock.ms += 15_000;
  archive.committed(2, 1_500);
  assert.deepEqual(told.splice(1), ['hurry']);
  await sealed(1);
  assert.deepEqual(told.splice(1), [10_000]);
  clock.ms += 1_000;
  archive.committed(3, 3_000);
  assert.deepEqual(told.splice(1), ['hurry']);
  await sealed(2);
  assert.deepEqual(told.splice(1), [0]);
  await sealed(3);
  await archive.close();
});
