import type Database from 'better-sqlite3';
import { columnStatement } from './statement.js';

/** The names and values in a database's table `meta`. */
export interface Meta {
  /** Null if the name has no value. */
  text(name: string): string | null;
  /** 0 if the name has no value. */
  number(name: string): number;
  set(name: string, value: string | number): void;
  remove(name: string): void;
}

export function openMeta(db: Database.Database): Meta {
  const get = columnStatement<string, [string]>(db, 'SELECT value FROM meta WHERE name = ?');
  const drop = db.prepare('DELETE FROM meta WHERE name = ?');
  const put = db.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)');
  return {
    text: (name) => get.get(name) ?? null,
    number: (name) => Number(get.get(name) ?? 0),
    set: (name, value) => void put.run(name, String(value)),
    remove: (name) => void drop.run(name),
  };
}
