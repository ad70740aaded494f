#!/usr/bin/env bash
# Library:  better-sqlite3 12.11.1 (SQLite inside), Node 20.20.
# Input:    PRAGMA journal_mode = OFF on a new file that is written once and thrown away if anything fails.
# Guess:    "off", and no file beside the database.
# Seen:     the answer is "delete", and each transaction makes and removes a -journal file. The library opens every database in SQLite's
#           defensive mode, in which OFF is ignored without an error; MEMORY is taken.
# What we do: files that are made anew use MEMORY.
set -euo pipefail
folder=$(mktemp -d "${TMPDIR:-/tmp}/finding-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund better-sqlite3@12.11.1
cat >try.cjs <<'JS'
const { existsSync } = require('node:fs');
const db = require('better-sqlite3')('day.db');
db.exec('CREATE TABLE t (a)');
for (const mode of ['OFF', 'MEMORY']) {
  const taken = db.pragma(`journal_mode = ${mode}`, { simple: true });
  db.exec('BEGIN; INSERT INTO t VALUES (1)');
  console.log(`asked for ${mode}: ${taken}, a journal beside the file: ${existsSync('day.db-journal')}`);
  db.exec('COMMIT');
}
JS
node try.cjs | tee seen
diff seen - <<'SEEN'
asked for OFF: delete, a journal beside the file: true
asked for MEMORY: memory, a journal beside the file: false
SEEN
