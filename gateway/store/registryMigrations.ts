import { type Migration, newEpoch } from './migration.js';

/** tidegate.db: what people manage. Device keys are never given twice (AUTOINCREMENT keeps the highest). */
export const registryMigrations: readonly Migration[] = [
  (db) => {
    db.exec(`
      CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE devices (
        key        INTEGER PRIMARY KEY AUTOINCREMENT,
        id         TEXT NOT NULL UNIQUE,
        model      TEXT,
        tags       TEXT NOT NULL,
        state      TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
        created_at INTEGER NOT NULL,
        attributes TEXT NOT NULL
      ) STRICT;
      CREATE TABLE credentials (
        cid        TEXT PRIMARY KEY,
        device     INTEGER NOT NULL REFERENCES devices (key) ON DELETE CASCADE,
        hash       BLOB NOT NULL,
        created_at INTEGER NOT NULL,
        not_after  INTEGER
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX credentials_by_device ON credentials (device);
      CREATE TABLE keys (
        id         TEXT PRIMARY KEY,
        name       TEXT NOT NULL,
        role       TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
        hash       BLOB NOT NULL,
        created_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE audit (
        id      INTEGER PRIMARY KEY AUTOINCREMENT,
        at      INTEGER NOT NULL,
        by      TEXT NOT NULL,
        action  TEXT NOT NULL,
        subject TEXT NOT NULL,
        detail  TEXT
      ) STRICT;
    `);
    db.prepare('INSERT INTO meta (name, value) VALUES (?, ?)').run('epoch', newEpoch());
  },
  // Devices that are removed and whose readings are still to be taken out of the files.
  (db) => {
    db.exec(`
      CREATE TABLE erasures (
        device_key        INTEGER PRIMARY KEY,
        device_id         TEXT NOT NULL,
        device_created_at INTEGER NOT NULL
      ) STRICT;
    `);
  },
];
