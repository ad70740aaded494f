import { strict as assert } from 'node:assert';
import type Database from 'better-sqlite3';
import { type StreamRecord, streamNamesMax } from '../../domain/declared.js';
import { columnStatement, statement } from '../sqlite/statement.js';
import type { CursorRecord } from '../threads/restored.js';

/**
 * The consumers of the commit log beside the seal, with their positions (log.db). The log is cut only below the lowest position. Rows
 * name their streams by id, and the row that declared a stream may be cut before the last row that uses it. So the names move to a
 * separate table when their row is cut. While the log has no consumer, that table is empty.
 */
export interface CursorTable {
  all(): CursorRecord[];
  /** The lowest position, or null if the log has no consumer. */
  lowest(): number | null;
  /** The consumer's position. A new consumer begins after the last commit, and never sees the commits before. */
  open(consumer: string, at: number): number;
  /** A position never moves back. */
  move(consumer: string, position: number, at: number): void;
  remove(consumer: string): void;
  /** Keeps the stream names of rows that are about to be cut. Runs within the caller's transaction. */
  keepNames(streams: readonly StreamRecord[]): void;
}

export function openCursorTable(db: Database.Database): CursorTable {
  const select = statement<CursorRecord>(db, 'SELECT consumer, position FROM cursors ORDER BY consumer');
  const find = columnStatement<number, [string]>(db, 'SELECT position FROM cursors WHERE consumer = ?');
  const lowest = columnStatement<number | null>(db, 'SELECT min(position) FROM cursors');
  const put = db.prepare('INSERT INTO cursors (consumer, position, moved_at) VALUES (?, ?, ?)');
  const move = db.prepare('UPDATE cursors SET position = ?, moved_at = ? WHERE consumer = ?');
  const remove = db.prepare('DELETE FROM cursors WHERE consumer = ?');
  const putName = db.prepare('INSERT OR REPLACE INTO stream_names (id, device, name, kept) VALUES (?, ?, ?, ?)');
  const takeOver = db.prepare('DELETE FROM stream_names WHERE device = ? AND name = ? AND id < ?');
  const trimNames = db.prepare(`
    DELETE FROM stream_names WHERE device = :device AND kept = :kept AND id NOT IN (
      SELECT id FROM stream_names WHERE device = :device AND kept = :kept ORDER BY id DESC LIMIT :max)`);

  const open = db.transaction((consumer: string, at: number): number => {
    const known = find.get(consumer);
    if (known !== undefined) return known;
    const position = lastPosition(db);
    put.run(consumer, position, at);
    db.exec('INSERT OR REPLACE INTO stream_names (id, device, name, kept) SELECT id, device, name, 1 FROM streams');
    return position;
  });

  return {
    all: () => select.all(),
    lowest: () => lowest.get() ?? null,
    open: open.immediate,
    move(consumer, position, at) {
      assert((find.get(consumer) ?? Number.POSITIVE_INFINITY) <= position, 'a cursor never moves back');
      move.run(position, at, consumer);
    },
    remove: db.transaction((consumer: string): void => {
      remove.run(consumer);
      if ((lowest.get() ?? null) === null) db.exec('DELETE FROM stream_names');
    }).immediate,
    keepNames(streams) {
      for (const { id, deviceKey: device, name, kept } of streams) {
        putName.run(id, device, name, kept ? 1 : 0);
        takeOver.run(device, name, id);
        trimNames.run({ device, kept: kept ? 1 : 0, max: kept ? streamNamesMax.kept : streamNamesMax.own });
      }
    },
  };
}

/** The position of the last commit, also if its row was cut, or 0 if there was none. */
export function lastPosition(db: Database.Database): number {
  return columnStatement<number>(db, "SELECT seq FROM sqlite_sequence WHERE name = 'log'").get() ?? 0;
}
