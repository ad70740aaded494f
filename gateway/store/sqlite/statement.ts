import type Database from 'better-sqlite3';

/** The object on which statements are prepared: a database, or a day file that is open for a query. */
export interface Preparing {
  prepare: Database.Database['prepare'];
}

/**
 * Statements that return rows, with the type of a row and of the parameters beside the SQL, so that no caller casts. Nothing
 * checks the type against the SQL, so compare it with the columns that the SQL names.
 */
export function statement<Row, Parameters extends unknown[] = []>(
  db: Preparing,
  sql: string,
): Database.Statement<Parameters, Row> {
  return db.prepare<Parameters, Row>(sql);
}

/** A statement of one column: its rows are the values. */
export function columnStatement<Value, Parameters extends unknown[] = []>(
  db: Preparing,
  sql: string,
): Database.Statement<Parameters, Value> {
  return db.prepare<Parameters, Value>(sql).pluck();
}

/** A statement whose rows are arrays, in the order of the columns. */
export function tupleStatement<Tuple extends unknown[], Parameters extends unknown[] = []>(
  db: Preparing,
  sql: string,
): Database.Statement<Parameters, Tuple> {
  return db.prepare<Parameters, Tuple>(sql).raw();
}
