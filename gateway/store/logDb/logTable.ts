import type Database from 'better-sqlite3';
import type { Batch } from '../../columns/batch.js';
import type { Declared } from '../../domain/declared.js';
import type { NewRejectedFrame } from '../../domain/rejected.js';
import { encodeFrames, encodeReadings, timeRangeOf } from './rowBlobs.js';

/** The number of rejected frames per device. The oldest are dropped first. */
export const rejectedPerDeviceMax = 1_000;

/** The bytes that are kept of a rejected frame. The rest of a longer one is dropped. */
export const rejectedBytesMax = 65_536;

/** The result of a commit. */
export interface Appended {
  position: number;
  bytes: number;
  /** The rids of the rejected frames, in their order. */
  rids: string[];
  /** Older rejected frames that were dropped to make room. */
  rejectedDropped: number;
}

/** The commit log and its quarantine (log.db), for the writer. */
export interface LogTable {
  /** Writes one commit, which is on disk when this returns. */
  append(batch: Batch, committedAt: number): Appended;
  /** Marks a rejected frame as admitted. */
  markAdmitted(rid: string, at: number): void;
  /** Makes a write that changes nothing, to find out whether writes reach the disk. */
  touch(at: number): void;
}

export function openLogTable(db: Database.Database): LogTable {
  const insert = db.prepare(`
    INSERT INTO log (committed_at, readings, ts_min, ts_max, declared, frames, strings, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
  const reject = db.prepare(`
    INSERT INTO quarantine (device, stream, seq, received_at, code, path, message, encoding, bytes, meaning)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const trim = db.prepare(`
    DELETE FROM quarantine WHERE device = :device AND rid <= (
      SELECT rid FROM quarantine WHERE device = :device ORDER BY rid DESC LIMIT 1 OFFSET ${rejectedPerDeviceMax})`);
  const admit = db.prepare('UPDATE quarantine SET admitted_at = ? WHERE rid = ?');
  const touch = db.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('probed_at', ?)");

  function keepRejected(frames: NewRejectedFrame[]): { rids: string[]; dropped: number } {
    const rids = frames.map((frame) => {
      const bytes = frame.bytes.subarray(0, rejectedBytesMax);
      const { deviceKey, stream, seq, receivedAt, code, path, message, encoding } = frame;
      const meaning = frame.meaning === null ? null : JSON.stringify(frame.meaning);
      return String(
        reject.run(deviceKey, stream, seq, receivedAt, code, path, message, encoding, bytes, meaning).lastInsertRowid,
      );
    });
    let dropped = 0;
    for (const device of new Set(frames.map((frame) => frame.deviceKey))) dropped += trim.run({ device }).changes;
    return { rids, dropped };
  }

  const append = db.transaction((batch: Batch, committedAt: number): Appended => {
    const range = timeRangeOf(batch);
    const frames = encodeFrames(batch, committedAt);
    const data = encodeReadings(batch, range);
    const strings = batch.strings.length === 0 ? null : JSON.stringify(batch.strings);
    const declared = declaredText(batch.declared);
    const { lastInsertRowid } = insert.run(
      committedAt,
      batch.readings,
      range?.min ?? null,
      range?.max ?? null,
      declared,
      frames,
      strings,
      data,
    );
    const { rids, dropped } = keepRejected(batch.rejected);
    const bytes = frames.length + data.length + (strings?.length ?? 0) + (declared?.length ?? 0);
    return { position: Number(lastInsertRowid), bytes, rids, rejectedDropped: dropped };
  });

  return {
    append: append.immediate,
    markAdmitted: (rid, at) => void admit.run(at, rid),
    touch: (at) => void touch.run(String(at)),
  };
}

function declaredText(declared: Declared): string | null {
  const { series, streams, tables } = declared;
  return series.length + streams.length + tables.length === 0 ? null : JSON.stringify(declared);
}
