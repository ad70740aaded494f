import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { columnStatement, statement, tupleStatement } from './statement.js';

function table(): Database.Database {
  const db = new Database(':memory:');
  db.exec("CREATE TABLE t (id INTEGER, name TEXT); INSERT INTO t VALUES (1, 'a'), (2, NULL)");
  return db;
}

test('rows are returned as objects, single values or arrays, and a missing row as undefined', () => {
  const db = table();
  const byId = statement<{ id: number; name: string | null }, [number]>(db, 'SELECT id, name FROM t WHERE id = ?');
  assert.deepEqual(byId.get(1), { id: 1, name: 'a' });
  assert.equal(byId.get(3), undefined);
  const names = columnStatement<string | null>(db, 'SELECT name FROM t ORDER BY id');
  assert.deepEqual(names.all(), ['a', null]);
  assert.deepEqual(
    [...tupleStatement<[number, string | null]>(db, 'SELECT id, name FROM t ORDER BY id').iterate()],
    [
      [1, 'a'],
      [2, null],
    ],
  );
  const named = columnStatement<number, [{ name: string }]>(db, 'SELECT id FROM t WHERE name = :name');
  assert.equal(named.get({ name: 'a' }), 1);
  db.close();
});

test('a read of a statement that returns no rows throws', () => {
  const db = table();
  assert.throws(() => columnStatement(db, 'DELETE FROM t'), TypeError);
  assert.throws(() => statement(db, 'DELETE FROM t').all(), TypeError);
  db.close();
});
