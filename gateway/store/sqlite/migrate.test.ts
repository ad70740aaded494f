import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { checkVersion, type Migration, migrate, NewerDataError, newestVersion, OlderDataError } from './migrate.js';
import { versionOf } from './pragmas.js';

const adding =
  (table: string): Migration =>
  (db) =>
    void db.exec(`CREATE TABLE ${table} (id INTEGER)`);

const tables = (db: Database.Database): unknown[] =>
  db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").pluck().all();

const two = { first: 4, steps: [adding('a'), adding('b')] };

test('an empty database gets every step, an earlier version only the missing steps, and a second run none', () => {
  const db = new Database(':memory:');
  migrate(db, { first: 4, steps: [adding('a')] });
  assert.deepEqual([versionOf(db), tables(db)], [4, ['a']]);
  migrate(db, two);
  assert.deepEqual([versionOf(db), tables(db)], [5, ['a', 'b']]);
  migrate(db, two);
  assert.deepEqual([versionOf(db), newestVersion(two)], [5, 5]);
  db.close();
});

test('a step that fails leaves the database at the version before it', () => {
  const db = new Database(':memory:');
  assert.throws(() => migrate(db, { first: 1, steps: [adding('a'), adding('a')] }), /already exists/);
  assert.deepEqual([versionOf(db), tables(db)], [1, ['a']]);
  db.close();
});

test('versions from the first to the newest and an empty database are accepted, and all others are refused', () => {
  const db = new Database(':memory:');
  const judged = (version: number): unknown => {
    db.pragma(`user_version = ${version}`);
    try {
      checkVersion(db, 'x.db', two);
      return null;
    } catch (error) {
      return (error as Error).constructor;
    }
  };
  assert.deepEqual([0, 4, 5].map(judged), [null, null, null]);
  assert.deepEqual([1, 2, 3].map(judged), [OlderDataError, OlderDataError, OlderDataError]);
  assert.deepEqual([6, 99].map(judged), [NewerDataError, NewerDataError]);
  db.close();
});
