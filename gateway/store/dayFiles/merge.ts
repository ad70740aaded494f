import { createRunTable, type Run, replaceView, runTable } from './dayFile.js';
import type { DayWriter } from './dayWriter.js';
import { copyRuns } from './runCopy.js';

/** The number of runs of one level that become one run of the next level. */
export const mergeRunsCount = 64;

/** The runs to merge, or null if every level has too few. */
export function runsToMerge(runs: readonly Run[]): Run[] | null {
  for (let level = 0; ; level++) {
    const same = runs.filter((run) => run.level === level);
    if (same.length >= mergeRunsCount) return same.slice(0, mergeRunsCount);
    if (!runs.some((run) => run.level > level)) return null;
  }
}

/**
 * Merges runs of a live file, one slice per step of the generator. Readers see the old runs until the one transaction that names
 * the new one. A crash before it leaves a table that `runs` does not name, and the next opening drops it.
 */
export function* mergeRuns(writer: DayWriter, sources: readonly Run[]): Generator<void> {
  const { db } = writer;
  const run = { id: writer.takeRunId() };
  db.exec(createRunTable(runTable(run)));
  yield* copyRuns(db, runTable(run), sources.map(runTable));
  db.transaction(() => {
    const ids = sources.map(({ id }) => id).join(', ');
    db.exec(`
      INSERT INTO runs (id, level, readings, ts_min, ts_max, epoch, position, sealed_at)
        SELECT ${run.id}, max(r.level) + 1, sum(r.readings), min(r.ts_min), max(r.ts_max), last.epoch, last.position, max(r.sealed_at)
        FROM runs AS r, (SELECT epoch, position FROM runs WHERE id IN (${ids}) ORDER BY sealed_at DESC, id DESC LIMIT 1) AS last
        WHERE r.id IN (${ids});
      DELETE FROM runs WHERE id IN (${ids});
    `);
    replaceView(db);
  })();
  writer.reload();
  for (const source of sources) {
    yield;
    db.exec(`DROP TABLE ${runTable(source)}`);
  }
}
