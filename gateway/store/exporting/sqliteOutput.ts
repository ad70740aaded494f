import Database from 'better-sqlite3';
import { type SeriesKind, seriesKinds } from '../../domain/series.js';
import type { SeriesReadings } from '../chunks/chunk.js';
import type { DayOutput } from './dayOutput.js';

/** The index is made first, because its entries come in its order. */
const schema = `
  CREATE TABLE readings (device TEXT NOT NULL, metric TEXT NOT NULL, unit TEXT, ts INTEGER NOT NULL, value NOT NULL);
  CREATE INDEX readings_by_series ON readings (device, metric, ts);`;

/** An SQLite file with one table. A boolean is the integer 0 or 1, and a number is always REAL. */
export function openSqliteOutput(path: string): DayOutput {
  const db = new Database(path);
  // A new file has no pages that a journal would keep, and better-sqlite3 refuses to go without one.
  db.pragma('journal_mode = MEMORY');
  db.pragma('synchronous = OFF');
  db.exec(schema);
  const insert = db.prepare('INSERT INTO readings (device, metric, unit, ts, value) VALUES (?, ?, ?, ?, ?)');
  db.exec('BEGIN');
  return {
    add({ device, metric, unit, kind, readings, from, to }) {
      for (let i = from; i < to; i++) insert.run(device, metric, unit, readings.ts[i], storedValue(kind, readings, i));
    },
    end() {
      db.exec('COMMIT');
      db.close();
    },
    abandon: () => void db.close(),
  };
}

function storedValue(kind: SeriesKind, { value, texts }: SeriesReadings, i: number): number | string | bigint {
  if (kind === seriesKinds.string) return texts[i];
  return kind === seriesKinds.boolean ? BigInt(value[i]) : value[i];
}
