import { type Migration, newEpoch } from './migration.js';

/**
 * log.db: the commit log, one row a commit (logRow.ts says what the blobs hold), and the quarantine.
 * Refused frames are rows of their own rather than part of the log's row, since they are few, are listed by device,
 * and outlive the cutting of the log; being in the same database they share the commit of their batch.
 */
export const logMigrations: readonly Migration[] = [
  (db) => {
    db.exec(`
      CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE log (
        position     INTEGER PRIMARY KEY AUTOINCREMENT,
        committed_at INTEGER NOT NULL,
        readings     INTEGER NOT NULL,
        ts_min       INTEGER,
        ts_max       INTEGER,
        declared     TEXT,
        frames       BLOB NOT NULL,
        strings      TEXT,
        data         BLOB NOT NULL
      ) STRICT;
      CREATE TABLE quarantine (
        rid          INTEGER PRIMARY KEY AUTOINCREMENT,
        device       INTEGER NOT NULL,
        stream       TEXT NOT NULL,
        seq          INTEGER NOT NULL,
        received_at  INTEGER NOT NULL,
        code         TEXT NOT NULL,
        path         TEXT,
        message      TEXT NOT NULL,
        encoding     TEXT NOT NULL,
        bytes        BLOB NOT NULL,
        admitted_at  INTEGER
      ) STRICT;
      CREATE INDEX quarantine_by_device ON quarantine (device, rid);
    `);
    db.prepare('INSERT INTO meta (name, value) VALUES (?, ?)').run('epoch', newEpoch());
  },
];
