/**
 * logDb/ holds the tables of log.db, and how its rows are encoded. The threads that use them are in writer/, archiver/ and
 * reader/.
 */
import { newEpoch, type Schema } from '../sqlite/migrate.js';

/**
 * log.db: the commit log, one row per commit (rowBlobs.ts describes its blobs), the folded contents of rows that were cut, and the
 * quarantine. Rejected frames are separate rows and not part of the log's row, because they are few, are listed by device, and stay
 * when the log is cut. They are in the same database, so they share the commit of their batch.
 */
export const logSchema: Schema = {
  first: 3,
  steps: [
    // The tables of Tidegate 0.1.0.
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

        -- What the sealed rows contained beside the readings: foldTables.ts.
        CREATE TABLE series (
          id                INTEGER PRIMARY KEY,
          device            INTEGER NOT NULL,
          device_id         TEXT NOT NULL,
          device_created_at INTEGER NOT NULL,
          metric            TEXT NOT NULL,
          unit              TEXT,
          kind              INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE latest (series INTEGER PRIMARY KEY, ts INTEGER NOT NULL, value ANY NOT NULL) STRICT;
        CREATE TABLE streams (
          id      INTEGER PRIMARY KEY,
          device  INTEGER NOT NULL,
          name    TEXT NOT NULL,
          mark    INTEGER NOT NULL,
          used_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX streams_by_device ON streams (device, used_at);
        CREATE TABLE metric_tables (
          id      INTEGER PRIMARY KEY AUTOINCREMENT,
          device  INTEGER NOT NULL,
          number  INTEGER NOT NULL,
          metrics TEXT NOT NULL,
          UNIQUE (device, number)
        ) STRICT;
        CREATE TABLE receipts (device INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;

        -- Who reads the log beside the seal, and up to which position: cursorTable.ts.
        CREATE TABLE cursors (consumer TEXT PRIMARY KEY, position INTEGER NOT NULL, moved_at INTEGER NOT NULL) STRICT;
        CREATE TABLE stream_names (
          id     INTEGER PRIMARY KEY,
          device INTEGER NOT NULL,
          name   TEXT NOT NULL,
          kept   INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX stream_names_by_device ON stream_names (device, kept, id);
      `);
      db.prepare('INSERT INTO meta (name, value) VALUES (?, ?)').run('epoch', newEpoch());
    },
    // What gave a refused frame its meaning, as JSON; null in the rows of before.
    (db) => void db.exec('ALTER TABLE quarantine ADD COLUMN meaning TEXT'),
  ],
};
