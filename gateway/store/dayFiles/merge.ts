import { seriesKinds } from '../../domain/series.js';
import { at } from '../chunks/chunk.js';
import { openChunkInsert } from '../chunks/chunkTable.js';
import { kindsOf, type Run } from './dayTables.js';
import type { DayWriter } from './dayWriter.js';
import { chunkSource, repack } from './repack.js';

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

/** Chunks that are deleted in one slice. */
const deletedPerSlice = 20_000;

/**
 * Merges runs of a live file, one slice per step of the generator. Readers see the old runs until the one transaction that names
 * the new one. A crash before it leaves chunks of a run that `runs` does not name, and the next opening deletes them.
 */
export function* mergeRuns(writer: DayWriter, sources: readonly Run[]): Generator<void> {
  const { db } = writer;
  const [run, damagedRun] = [writer.takeRunId(), writer.takeRunId()];
  const kinds = kindsOf(db);
  const insert = openChunkInsert(db);
  const insertDamaged = openChunkInsert(db, 'OR IGNORE');
  let damaged = 0;
  const readings = yield* repack({
    db,
    sources: sources.map(({ id }) => chunkSource(db, '', id)),
    keeps: () => true,
    kindOf: (series) => kinds.get(series) ?? seriesKinds.number,
    put: (row) => insert(run, row),
    putDamaged(row) {
      insertDamaged(damagedRun, row);
      damaged += row[at.n];
    },
  });
  db.transaction(() => {
    const ids = sources.map(({ id }) => id).join(', ');
    const insertRun = db.prepare(`
      INSERT INTO runs (id, level, readings, ts_min, ts_max, epoch, position, sealed_at)
        SELECT ?, max(r.level) + 1, ?, min(r.ts_min), max(r.ts_max), last.epoch, last.position, max(r.sealed_at)
        FROM runs AS r, (SELECT epoch, position FROM runs WHERE id IN (${ids}) ORDER BY sealed_at DESC, id DESC LIMIT 1) AS last
        WHERE r.id IN (${ids})`);
    insertRun.run(run, readings);
    if (damaged > 0) insertRun.run(damagedRun, damaged);
    db.exec(`DELETE FROM runs WHERE id IN (${ids})`);
  })();
  writer.reload();
  const drop = db.prepare(
    `DELETE FROM chunk WHERE run = :run AND (series, t0) <= (SELECT series, t0 FROM chunk WHERE run = :run ORDER BY series, t0 LIMIT 1 OFFSET ${deletedPerSlice})`,
  );
  const dropRest = db.prepare('DELETE FROM chunk WHERE run = ?');
  for (const { id } of sources) {
    do yield;
    while (drop.run({ run: id }).changes > 0);
    dropRest.run(id);
  }
}
