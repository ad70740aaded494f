import type Database from 'better-sqlite3';
import type { Declared } from '../../domain/declared.js';
import { openMeta } from '../sqlite/meta.js';
import { columnStatement, statement } from '../sqlite/statement.js';
import type { CursorTable } from './cursorTable.js';

/** The number of rows that one slice deletes. A commit waits for at most one slice. */
const cutRowsMax = 2_000;

const cutBytesMax = 4 * 1024 * 1024;

interface DoneRow {
  position: number;
  committedAt: number;
  declared: string | null;
  bytes: number;
}

/**
 * Cuts the log: moves the sealed position to `position` if that is further, and deletes a slice of the rows that are sealed and
 * that every cursor has passed. True once no such row is left.
 */
export function openLogCut(db: Database.Database, cursors: CursorTable): (position: number) => boolean {
  const meta = openMeta(db);
  const doneRows = statement<DoneRow, [number]>(
    db,
    `SELECT position, committed_at AS committedAt, declared, length(data) AS bytes FROM log WHERE position <= ? ORDER BY position LIMIT ${cutRowsMax}`,
  );
  const committedAt = columnStatement<number, [number]>(db, 'SELECT committed_at FROM log WHERE position = ?');
  const deleteRows = db.prepare('DELETE FROM log WHERE position <= ?');

  /**
   * Sealed rows may wait for a cursor, and a start reads only rows that are not sealed, so the time of the last sealed row is
   * kept at once. The other sealed rows are at most a minute newer, because a gateway whose clock is further behind accepts no frames.
   */
  function moveSealed(position: number): void {
    if (meta.number('sealed_position') >= position) return;
    meta.set('sealed_position', position);
    const at = committedAt.get(position) ?? 0;
    if (position > meta.number('clock_position') && at > meta.number('newest_commit_at'))
      meta.set('newest_commit_at', at);
  }

  const cut = db.transaction((position: number): boolean => {
    moveSealed(position);
    const lowest = cursors.lowest();
    const rows = doneRows.all(Math.min(meta.number('sealed_position'), lowest ?? Number.POSITIVE_INFINITY));
    if (rows.length === 0) return true;
    let last = 0;
    let newest = meta.number('newest_commit_at');
    const confirmed = meta.number('clock_position');
    for (let i = 0, bytes = 0; i < rows.length && bytes < cutBytesMax; bytes += rows[i++].bytes) {
      const row = rows[i];
      last = row.position;
      if (last > confirmed) newest = Math.max(newest, row.committedAt);
      if (lowest !== null && row.declared !== null) {
        const declared: Declared = JSON.parse(row.declared);
        cursors.keepNames(declared.streams);
      }
    }
    meta.set('newest_commit_at', newest);
    deleteRows.run(last);
    return last === rows[rows.length - 1].position && rows.length < cutRowsMax;
  });

  return (position) => cut.immediate(position);
}
