import { strict as assert } from 'node:assert';
import type Database from 'better-sqlite3';
import type { StreamRecord } from '../../domain/declared.js';
import type { CursorRecord } from '../threads/calls.js';

/** Names of streams kept of one device: those that it named, and those that live with a link (or with an admitted frame). */
const namesMax = { kept: 32, own: 2 } as const;

/**
 * Who reads the commit log beside the seal, and up to where each has come (log.db). The log is cut only below the lowest of
 * them. Rows name their streams by id and the row that declared one may be cut before the last that uses it, so the names
 * move to a table of their own when they are cut; while nobody reads the log that table is empty.
 */
export function openCursorTable(db: Database.Database) {
  const select = db.prepare('SELECT consumer, position FROM cursors ORDER BY consumer');
  const find = db.prepare('SELECT position FROM cursors WHERE consumer = ?').pluck();
  const lowest = db.prepare('SELECT min(position) FROM cursors').pluck();
  const put = db.prepare('INSERT INTO cursors (consumer, position, moved_at) VALUES (?, ?, ?)');
  const move = db.prepare('UPDATE cursors SET position = ?, moved_at = ? WHERE consumer = ?');
  const remove = db.prepare('DELETE FROM cursors WHERE consumer = ?');
  const lastGiven = db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'log'").pluck();
  const putName = db.prepare('INSERT OR REPLACE INTO stream_names (id, device, name, kept) VALUES (?, ?, ?, ?)');
  const takeOver = db.prepare('DELETE FROM stream_names WHERE device = ? AND name = ? AND id < ?');
  const trimNames = db.prepare(`
    DELETE FROM stream_names WHERE device = :device AND kept = :kept AND id NOT IN (
      SELECT id FROM stream_names WHERE device = :device AND kept = :kept ORDER BY id DESC LIMIT :max)`);

  const open = db.transaction((consumer: string, at: number): number => {
    const known = find.get(consumer) as number | undefined;
    if (known !== undefined) return known;
    const position = (lastGiven.get() as number | undefined) ?? 0;
    put.run(consumer, position, at);
    db.exec('INSERT OR REPLACE INTO stream_names (id, device, name, kept) SELECT id, device, name, 1 FROM streams');
    return position;
  });

  return {
    all: (): CursorRecord[] => select.all() as CursorRecord[],
    lowest: (): number | null => lowest.get() as number | null,
    /** The consumer's position. A new one begins behind the last commit: what came before is not for it. */
    open: open.immediate,
    move(consumer: string, position: number, at: number): void {
      assert((find.get(consumer) as number) <= position, 'a cursor never moves back');
      move.run(position, at, consumer);
    },
    remove: db.transaction((consumer: string): void => {
      remove.run(consumer);
      if (lowest.get() === null) db.exec('DELETE FROM stream_names');
    }).immediate,
    /** What rows that are about to be cut declared. Within the caller's transaction. */
    keepNames(streams: readonly StreamRecord[]): void {
      for (const { id, deviceKey: device, name, kept } of streams) {
        putName.run(id, device, name, kept ? 1 : 0);
        takeOver.run(device, name, id);
        trimNames.run({ device, kept: kept ? 1 : 0, max: kept ? namesMax.kept : namesMax.own });
      }
    },
  };
}

export type CursorTable = ReturnType<typeof openCursorTable>;
