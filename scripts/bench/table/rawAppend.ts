import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { type Row, usageOf } from './measure.js';

/** Measures better-sqlite3 alone: one row per reading, 500 rows per transaction, synchronous=FULL, no index. */
export function rawAppend(seconds: number): Row {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-bench-'));
  const db = new Database(join(folder, 'raw.db'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec('CREATE TABLE readings (series INTEGER NOT NULL, ts INTEGER NOT NULL, value REAL)');
  const insert = db.prepare('INSERT INTO readings (series, ts, value) VALUES (?, ?, ?)');
  let rows = 0;
  const batch = db.transaction(() => {
    for (let i = 0; i < 500; i++, rows++) insert.run(rows % 1000, 1_795_305_600_000 + rows, 21.5);
  });
  const before = usageOf(process.pid);
  const start = performance.now();
  while (performance.now() - start < seconds * 1000) batch();
  const elapsed = (performance.now() - start) / 1000;
  const after = usageOf(process.pid);
  db.close();
  rmSync(folder, { recursive: true, force: true });
  return {
    name: 'raw better-sqlite3 row append',
    ackMeans: 'fsynced, 500 rows per commit',
    framesPerSecond: 0,
    readingsPerSecond: rows / elapsed,
    p50Ms: null,
    p99Ms: null,
    serverCpuPerMillion: (after.cpuSeconds - before.cpuSeconds) / (rows / 1e6),
    generatorCpuPerMillion: null,
    bytesWrittenPerReading: (after.bytesWritten - before.bytesWritten) / rows,
    wireBytesPerReading: null,
    residentBytes: null,
    generatorCpuShare: null,
    storedPerSecond: null,
    settings: 'WAL, synchronous=FULL',
  };
}
