import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createArchive } from './archive.js';
import { emptyFold } from './emptyFold.js';
import { createPaceMemory, createPacer } from './pace.js';

test('who asks for a seal while an older one fails gets a try of its own', async () => {
  const seals: { resolve(value: unknown): void; reject(error: Error): void }[] = [];
  const archiver = {
    call: (name: string) =>
      name === 'seal' ? new Promise((resolve, reject) => seals.push({ resolve, reject })) : Promise.resolve(null),
  };
  const failures: string[] = [];
  const archive = createArchive({
    writer: { call: async () => true } as never,
    archiver: archiver as never,
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
  archive.committed(5, 10);
  const first = archive.seal();
  const second = archive.seal();
  seals[0].reject(new Error('disk full'));
  await assert.rejects(first, /disk full/);
  const counts = { rows: 1, readings: 10, repeated: 0, days: 1, runsMax: 1 };
  seals[1].resolve({ position: 5, ...counts, fold: emptyFold(), ms: 1, restedMs: 0 });
  await second;
  assert.deepEqual([failures, seals.length, archive.unsealedReadings()], [['disk full'], 2, 0]);
  await archive.close();
});
