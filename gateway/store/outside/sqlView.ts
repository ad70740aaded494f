import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { openDayForReading } from '../dayFiles/dayFile.js';
import { dayMs, listDays } from '../dayFiles/days.js';
import { isFolded } from '../dayFiles/finishedDay.js';
import { openForReading } from '../sqlite/openDatabase.js';
import { columnStatement, tupleStatement } from '../sqlite/statement.js';

/** SQLite attaches no more files than this to a connection. */
const attachedMax = 10;

export type SqlValue = string | number | bigint | Buffer | null;

export interface SqlView {
  /** The number of day files in range. More than ten are read one after another, without their indexes. */
  files: number;
  indexed: boolean;
  /** The number of readings in the log that are not in day files yet. */
  unsealed: number;
  /** Runs one statement that only reads. Throws SqliteError, or an Error if the statement would write. */
  run(sql: string): { columns: string[]; rows: IterableIterator<SqlValue[]> };
  close(): void;
}

/** The day files of a data folder as one table `readings(device, metric, unit, ts, value)`; `from` is inclusive, `to` exclusive. */
export function openSqlView(folder: string, from: number, to: number): SqlView {
  const paths = listDays(folder)
    .filter(({ day }) => (day + 1) * dayMs > from && day * dayMs < to)
    .flatMap(({ readings, late }) => {
      const pending = late !== null && !(readings !== null && isFolded(readings, late)) ? late : null;
      return [readings, pending].filter((path) => path !== null);
    });
  const db = new Database(':memory:');
  const indexed = paths.length <= attachedMax;
  if (indexed) attachDays(db, paths, from, to);
  else readInTurn(db, paths, from, to);
  db.pragma('query_only = ON');
  return {
    files: paths.length,
    indexed,
    unsealed: unsealedReadings(folder),
    run(sql) {
      const statement = db.prepare<[], SqlValue[]>(sql);
      if (!statement.reader || !statement.readonly)
        throw new Error('the statement writes or returns no rows; tidegate sql accepts only a SELECT');
      const columns = statement.columns().map(({ name }) => name);
      return { columns, rows: statement.raw().iterate() };
    },
    close: () => void db.close(),
  };
}

function attachDays(db: Database.Database, paths: string[], from: number, to: number): void {
  const attach = db.prepare('ATTACH ? AS ?');
  const arms = paths.map((path, i) => {
    attach.run(path, `day_${i}`);
    return `SELECT device, metric, unit, ts, value FROM day_${i}.readings WHERE ts >= ${from} AND ts < ${to}`;
  });
  const none = 'SELECT NULL AS device, NULL AS metric, NULL AS unit, NULL AS ts, NULL AS value WHERE 0';
  db.exec(`CREATE TEMP VIEW readings AS ${arms.length === 0 ? none : arms.join(' UNION ALL ')}`);
}

function readInTurn(db: Database.Database, paths: string[], from: number, to: number): void {
  db.table('readings', {
    columns: ['device', 'metric', 'unit', 'ts', 'value'],
    *rows() {
      for (const path of paths) {
        const day = openDayForReading(path);
        try {
          const rows = tupleStatement<SqlValue[], [from: number, to: number]>(
            day,
            'SELECT device, metric, unit, ts, value FROM readings WHERE ts >= ? AND ts < ?',
          );
          yield* rows.iterate(from, to);
        } finally {
          day.close();
        }
      }
    },
  });
}

function unsealedReadings(folder: string): number {
  const path = join(folder, 'log.db');
  if (!existsSync(path)) return 0;
  const log = openForReading(path);
  try {
    const sum = `SELECT coalesce(sum(readings), 0) FROM log
      WHERE position > coalesce((SELECT value + 0 FROM meta WHERE name = 'sealed_position'), 0)`;
    return columnStatement<number>(log, sum).get() ?? 0;
  } finally {
    log.close();
  }
}
