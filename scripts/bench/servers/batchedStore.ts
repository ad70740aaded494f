import { join } from 'node:path';
import Database from 'better-sqlite3';

/** The shortest time between two commits, as `store.commitIntervalMs` of the gateway. */
const commitIntervalMs = 10;

export interface BatchedStore {
  /** Stores the readings of a binary frame. Calls `done` when they are on disk. */
  add(device: string, frame: Buffer, done: () => void): void;
}

/**
 * The store of the other servers: SQLite with the settings that its documentation recommends for many small writes (WAL,
 * synchronous=FULL), one row per reading, and one transaction for all frames that came since the last commit.
 */
export function openBatchedStore(folder: string): BatchedStore {
  const db = new Database(join(folder, 'readings.db'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec('CREATE TABLE readings (device TEXT NOT NULL, metric TEXT NOT NULL, ts INTEGER NOT NULL, value REAL)');
  const insert = db.prepare('INSERT INTO readings (device, metric, ts, value) VALUES (?, ?, ?, ?)');
  let waiting: { device: string; frame: Buffer; done: () => void }[] = [];
  let committedAt = 0;
  let isDue = false;
  const write = db.transaction((frames: typeof waiting) => {
    for (const { device, frame } of frames) {
      const base = Number(frame.readBigInt64LE(8));
      const rows = frame.readUInt16LE(16);
      for (let row = 0; row < rows; row++)
        insert.run(device, 'temperature', base + frame.readUInt32LE(24 + 8 * row), frame.readFloatLE(28 + 8 * row));
    }
  });

  function commit(): void {
    isDue = false;
    const frames = waiting;
    waiting = [];
    write(frames);
    committedAt = performance.now();
    for (const { done } of frames) done();
  }

  return {
    add(device: string, frame: Buffer, done: () => void): void {
      waiting.push({ device, frame, done });
      if (isDue) return;
      isDue = true;
      setTimeout(commit, Math.max(0, committedAt + commitIntervalMs - performance.now()));
    },
  };
}
