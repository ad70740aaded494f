import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import type { ExportSpec } from '../domain/exports.js';
import { systemClock } from '../process/clock.js';
import { createJobs } from './jobs.js';

const spec: ExportSpec = { folder: '/out', format: 'csv', from: 1, to: 2, devices: null };

test('an export that is cancelled fails with who cancelled it, and does not count as a failure', async () => {
  let begun: AbortSignal | null = null;
  const jobs = createJobs({
    clock: systemClock,
    log: pino({ level: 'silent' }),
    run: () => assert.fail(),
    beforeErase: () => assert.fail(),
    afterErase: () => assert.fail(),
    schedule: () => assert.fail(),
    runExport(_spec, progress, signal) {
      begun = signal;
      progress({ done: 1, total: 3, bytes: 10, readings: 5, damaged: 0, finished: false });
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
  });
  const job = jobs.exportTo(spec);
  assert.ok(begun !== null);
  assert.deepEqual([job.state, job.filesDone, job.filesTotal, job.readings], ['running', 1, 3, 5]);
  assert.equal(jobs.cancel('another', 'key ops'), false);
  assert.equal(jobs.cancel(job.id, 'key ops'), true);
  while (job.endedAt === null) await Promise.resolve();
  assert.deepEqual([job.state, job.error], ['failed', 'it was cancelled by key ops; files of complete days stay']);
  assert.equal(jobs.cancel(job.id, 'key ops'), false);
  assert.deepEqual(jobs.exported(), { readings: 5, failures: 0 });
});
