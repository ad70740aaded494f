/** tidegateDb/ holds the tables of tidegate.db. The meaning of the values is in registry/, presence/ and command/. */
import { newEpoch, type Schema } from '../sqlite/migrate.js';

/** Devices, credentials, operator keys and the audit. */
const peopleSql = `
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
    cid          TEXT PRIMARY KEY,
    device       INTEGER NOT NULL REFERENCES devices (key) ON DELETE CASCADE,
    hash         BLOB NOT NULL,
    created_at   INTEGER NOT NULL,
    not_after    INTEGER,
    not_before   INTEGER,
    last_used_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX credentials_by_device ON credentials (device);
  CREATE TABLE keys (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    role         TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    hash         BLOB NOT NULL,
    created_at   INTEGER NOT NULL,
    not_after    INTEGER,
    last_used_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    by      TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT
  ) STRICT;
`;

/** Removed devices whose readings are not erased from the files yet. */
const erasuresSql = `
  CREATE TABLE erasures (
    device_key        INTEGER PRIMARY KEY,
    device_id         TEXT NOT NULL,
    device_created_at INTEGER NOT NULL
  ) STRICT;
`;

/** Commands with their history, and batches of them. */
const commandsSql = `
  CREATE TABLE commands (
    id              TEXT PRIMARY KEY,
    device          INTEGER NOT NULL,
    device_id       TEXT NOT NULL,
    name            TEXT NOT NULL,
    params          TEXT NOT NULL,
    state           TEXT NOT NULL,
    result          TEXT,
    error           TEXT,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    deadline_ms     INTEGER NOT NULL,
    sent_at         INTEGER,
    ended_at        INTEGER,
    supersedes      TEXT,
    by              TEXT NOT NULL,
    batch           TEXT,
    idempotency_key TEXT,
    body_hash       TEXT,
    attempted       INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX commands_by_device ON commands (device, id);
  CREATE INDEX commands_open ON commands (id) WHERE ended_at IS NULL;
  CREATE INDEX commands_ended ON commands (ended_at) WHERE ended_at IS NOT NULL;
  CREATE INDEX commands_by_batch ON commands (batch, state) WHERE batch IS NOT NULL;
  CREATE UNIQUE INDEX commands_by_key ON commands (by, idempotency_key) WHERE idempotency_key IS NOT NULL;
  CREATE TABLE command_events (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    command TEXT NOT NULL,
    state   TEXT NOT NULL,
    at      INTEGER NOT NULL,
    cause   TEXT NOT NULL
  ) STRICT;
  CREATE INDEX command_events_by_command ON command_events (command, id);
  CREATE TABLE command_batches (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    params        TEXT NOT NULL,
    target        TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('running', 'stopped', 'aborted', 'done')),
    total         INTEGER NOT NULL,
    concurrency   INTEGER NOT NULL,
    abort_percent REAL,
    ttl_ms        INTEGER,
    deadline_ms   INTEGER,
    supersedes    TEXT,
    created_at    INTEGER NOT NULL,
    ended_at      INTEGER,
    by            TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE batch_members (
    batch     TEXT NOT NULL,
    position  INTEGER NOT NULL,
    device    INTEGER NOT NULL,
    device_id TEXT NOT NULL,
    command   TEXT,
    error     TEXT,
    PRIMARY KEY (batch, position)
  ) STRICT, WITHOUT ROWID;
`;

/** Presence of devices. */
const presenceSql = `
  CREATE TABLE presence (
    device       INTEGER PRIMARY KEY REFERENCES devices (key) ON DELETE CASCADE,
    online       INTEGER NOT NULL CHECK (online IN (0, 1)),
    since        INTEGER,
    address      TEXT,
    subprotocol  TEXT,
    stream       TEXT,
    agent        TEXT,
    firmware     TEXT,
    reconnects   INTEGER NOT NULL,
    closed_at    INTEGER,
    close_code   INTEGER,
    close_name   TEXT,
    closed_by    TEXT,
    close_reason TEXT,
    back_at      INTEGER
  ) STRICT;
`;

/** tidegate.db: everything that operators manage. A device key is never used twice (AUTOINCREMENT keeps the highest). */
export const registrySchema: Schema = {
  first: 4,
  steps: [
    // The tables of Tidegate 0.1.0.
    (db) => {
      db.exec(peopleSql + erasuresSql + commandsSql + presenceSql);
      db.prepare('INSERT INTO meta (name, value) VALUES (?, ?)').run('epoch', newEpoch());
    },
    // The name and notes of a device.
    (db) => db.exec('ALTER TABLE devices ADD COLUMN name TEXT; ALTER TABLE devices ADD COLUMN notes TEXT'),
    // The history of commands of all devices, by time, name and final state.
    (db) =>
      db.exec(`
        CREATE INDEX commands_by_time ON commands (created_at, id);
        CREATE INDEX commands_by_name ON commands (name, created_at, id);
        CREATE INDEX commands_by_state ON commands (state, created_at, id) WHERE ended_at IS NOT NULL;`),
    // Where the parameters of commands have secrets, as a JSON list of lists of names; null for none.
    (db) =>
      db.exec('ALTER TABLE commands ADD COLUMN secrets TEXT; ALTER TABLE command_batches ADD COLUMN secrets TEXT'),
  ],
};
