#!/usr/bin/env bash
# Library:  better-sqlite3 12.11.1 (SQLite inside), Node 20.20. A table function made with db.table() and `parameters`.
# Input:    a valid SELECT that calls the function for each row of a table, one of whose columns is NULL in some rows.
# Guess:    the function is called with null for these rows, as a scalar function made with db.function() is.
# Seen:     it is not called, and these rows are missing from the result without an error. A parameter of a table function is a hidden column,
#           and a call is the condition `parameter = argument`, which is never true for NULL.
# What we do: tidegate sql unpacks chunks by such a function, and gives it coalesce(column, 'absent').
set -euo pipefail
folder=$(mktemp -d "${TMPDIR:-/tmp}/finding-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund better-sqlite3@12.11.1
cat >try.cjs <<'JS'
const db = require('better-sqlite3')(':memory:');
db.exec("CREATE TABLE t (id INTEGER, low REAL); INSERT INTO t VALUES (1, 0.5), (2, NULL), (3, 2.5)");
db.function('scalar', (id, low) => `${id}:${low}`);
db.table('rows_of', { columns: ['text'], parameters: ['id', 'low'], *rows(id, low) { yield [`${id}:${low}`]; } });
const all = (sql) => db.prepare(sql).pluck().all().join(' ');
console.log('scalar function:', all('SELECT scalar(id, low) FROM t'));
console.log('table function: ', all('SELECT text FROM t JOIN rows_of(t.id, t.low)'));
console.log('with coalesce:  ', all("SELECT text FROM t JOIN rows_of(t.id, coalesce(t.low, 'absent'))"));
JS
node try.cjs | tee seen
diff seen - <<'SEEN'
scalar function: 1:0.5 2:null 3:2.5
table function:  1:0.5 3:2.5
with coalesce:   1:0.5 2:absent 3:2.5
SEEN
