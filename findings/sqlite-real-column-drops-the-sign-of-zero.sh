#!/usr/bin/env bash
# Library:  SQLite of better-sqlite3 12.11.1 (npm).
# Input:    -0.0 in a column declared REAL, and in one without a type.
# Guess:    REAL is an IEEE 754 double, so both give -0.0 back.
# Seen:     the REAL column gives 0.0: SQLite stores a whole number of a REAL column as an integer to save space, and an integer has no -0. The
#           column without a type keeps it.
# What we do: values that must come back bit for bit are in blobs or in columns without a type. The summary columns of a chunk are REAL, and hold +0.
set -euo pipefail
folder=$(mktemp -d "${TMPDIR:-/tmp}/finding-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund better-sqlite3@12.11.1
cat >try.cjs <<'JS'
const db = require('better-sqlite3')(':memory:');
db.exec('CREATE TABLE t (typed REAL, untyped)');
db.prepare('INSERT INTO t VALUES (?, ?)').run(-0, -0);
const { typed, untyped } = db.prepare('SELECT typed, untyped FROM t').get();
console.log(`REAL column: ${Object.is(typed, -0) ? '-0' : '0'}, without a type: ${Object.is(untyped, -0) ? '-0' : '0'}`);
JS
node try.cjs | tee seen
diff seen - <<'SEEN'
REAL column: 0, without a type: -0
SEEN
