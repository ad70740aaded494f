import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { addFrame, createBatch } from '../../columns/batch.js';
import { reserveReadings } from '../../columns/readingColumns.js';
import { openLogTable } from '../logDb/logTable.js';
import { openMeta } from '../sqlite/meta.js';
import { openForWriting } from '../sqlite/openDatabase.js';
import { databases } from '../writer/databases.js';
import { type FoundRow, LogIndex } from './logIndex.js';

const at = 1_795_305_600_000;

interface Frame {
  device: number;
  /** The times of its readings, in ms after `at`. */
  times: number[];
}

function openLog(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-test-'));
  const db = openForWriting(join(folder, 'log.db'), databases['log.db']);
  t.after(() => {
    db.close();
    rmSync(folder, { recursive: true });
  });
  const log = openLogTable(db);
  const meta = openMeta(db);
  return {
    db,
    commit(frames: Frame[]): number {
      const batch = createBatch();
      frames.forEach(({ device, times }, i) => {
        reserveReadings(batch, times.length);
        for (const time of times) {
          batch.series[batch.readings] = device;
          batch.ts[batch.readings++] = at + time;
        }
        addFrame(batch, device, device, i + 1, times.length, at);
      });
      return log.append(batch, at).position;
    },
    seal: (position: number): void => meta.set('sealed_position', position),
  };
}

const found = (rows: Iterable<FoundRow>): [number, [number, number][]][] =>
  Array.from(rows, ({ position, spans }) => [position, spans]);

test('each row with readings of the device is found, with the places of its frames', (t) => {
  const log = openLog(t);
  const index = new LogIndex(log.db);
  const first = log.commit([
    { device: 1, times: [0, 1] },
    { device: 2, times: [2] },
    { device: 1, times: [3, 4, 5] },
  ]);
  log.commit([{ device: 2, times: [6] }]);
  assert.deepEqual(found(index.find(1, at, at + 100)), [
    [
      first,
      [
        [0, 2],
        [3, 6],
      ],
    ],
  ]);
  const third = log.commit([{ device: 1, times: [7] }]);
  assert.deepEqual(
    found(index.find(1, at, at + 100)).map(([position]) => position),
    [first, third],
  );
  assert.deepEqual(found(index.find(3, at, at + 100)), []);
});

test('rows outside of the requested times, and rows without readings, are not found', (t) => {
  const log = openLog(t);
  const index = new LogIndex(log.db);
  const position = log.commit([{ device: 1, times: [10, 20] }]);
  log.commit([{ device: 1, times: [] }]);
  const positions = (from: number, to: number) => found(index.find(1, at + from, at + to)).map(([one]) => one);
  assert.deepEqual(positions(0, 10), []);
  assert.deepEqual(positions(21, 30), []);
  assert.deepEqual(positions(20, 21), [position]);
  assert.deepEqual(positions(0, 11), [position]);
});

test('sealed rows are forgotten, and the rows after them are still found', (t) => {
  const log = openLog(t);
  const index = new LogIndex(log.db);
  const sealed = log.commit([
    { device: 2, times: [0] },
    { device: 1, times: [1] },
  ]);
  const kept = log.commit([
    { device: 2, times: [2, 3] },
    { device: 1, times: [4] },
  ]);
  index.catchUp();
  assert.equal(index.frames, 4);
  log.seal(sealed);
  assert.deepEqual(found(index.find(1, at, at + 100)), [[kept, [[2, 3]]]]);
  assert.equal(index.frames, 2);
  log.seal(kept);
  assert.deepEqual(found(index.find(1, at, at + 100)), []);
  assert.equal(index.frames, 0);
});

const frames = fc.array(
  fc.record({ device: fc.integer({ min: 1, max: 3 }), times: fc.array(fc.nat(50), { maxLength: 4 }) }),
  { maxLength: 6 },
);

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ commit: frames }) },
  { weight: 1, arbitrary: fc.record({ sealed: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ device: fc.integer({ min: 1, max: 3 }), from: fc.nat(50), to: fc.nat(60) }) },
);

test('after any commits and seals it finds the same as a scan of every row, also above its limits', (t) => {
  const bounds = fc.constantFrom(
    { frames: 1_000, rows: 1_000 },
    { frames: 7, rows: 1_000 },
    { frames: 1_000, rows: 2 },
  );
  fc.assert(
    fc.property(bounds, fc.array(step, { minLength: 10, maxLength: 30, size: 'max' }), (bound, steps) => {
      const log = openLog(t);
      const index = new LogIndex(log.db, bound);
      let rows: { position: number; frames: Frame[] }[] = [];
      for (const one of steps) {
        if ('commit' in one) rows.push({ position: log.commit(one.commit), frames: one.commit });
        else if ('sealed' in one) {
          const position = rows[one.sealed % Math.max(1, rows.length)]?.position ?? 0;
          log.seal(Math.max(position, openMeta(log.db).number('sealed_position')));
          rows = rows.filter((row) => row.position > position);
        } else {
          const { device, from, to } = one;
          const wanted = rows.flatMap((row): [number, [number, number][]][] => {
            const times = row.frames.flatMap((frame) => frame.times);
            if (times.length === 0 || Math.max(...times) < from || Math.min(...times) >= to) return [];
            let end = 0;
            const spans = row.frames.flatMap((frame): [number, number][] => {
              const start = end;
              end += frame.times.length;
              return frame.device === device ? [[start, end]] : [];
            });
            return spans.length === 0 ? [] : [[row.position, spans]];
          });
          assert.deepEqual(found(index.find(device, at + from, at + to)), wanted);
          assert.ok(index.frames <= bound.frames);
        }
      }
    }),
    { seed: 1, numRuns: 60 },
  );
});
