import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outcomeOf } from './batchOutcome.js';

test('a batch that is over is green only if a device succeeded and none failed', () => {
  for (const [state, counts, wanted] of [
    ['running', { queued: 3 }, 'running go'],
    ['running', { refused: 3 }, 'running go'],
    ['stopped', { waiting: 3 }, 'stopped go'],
    ['aborted', { succeeded: 2, failed: 1 }, 'aborted bad'],
    ['done', { succeeded: 3 }, 'done good'],
    ['done', { succeeded: 3, cancelled: 1 }, 'done good'],
    ['done', { refused: 3 }, 'failed bad'],
    ['done', { expired: 3 }, 'failed bad'],
    ['done', { expired: 1, refused: 1, timed_out: 1, rejected: 1, failed: 1 }, 'failed bad'],
    ['done', { succeeded: 2, expired: 1 }, 'partly failed bad'],
    ['done', { cancelled: 1, device_removed: 2 }, 'not sent off'],
    ['done', {}, 'not sent off'],
  ] as [string, Record<string, number>, string][]) {
    const { word, tone } = outcomeOf({ state, counts });
    assert.equal(`${word} ${tone}`, wanted, `${state} ${JSON.stringify(counts)}`);
  }
});
