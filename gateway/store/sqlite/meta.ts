import type Database from 'better-sqlite3';

/** Names and values that a database keeps of itself. */
export function openMeta(db: Database.Database) {
  const get = db.prepare('SELECT value FROM meta WHERE name = ?').pluck();
  const drop = db.prepare('DELETE FROM meta WHERE name = ?');
  const put = db.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)');
  return {
    text: (name: string): string | null => (get.get(name) as string | undefined) ?? null,
    /** 0 where there is none. */
    number: (name: string): number => Number(get.get(name) ?? 0),
    remove: (name: string): void => void drop.run(name),
    set: (name: string, value: string | number): void => void put.run(name, String(value)),
  };
}
