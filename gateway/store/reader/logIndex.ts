import type Database from 'better-sqlite3';
import { decodeOwners } from '../logDb/logRow.js';
import { openMeta } from '../sqlite/meta.js';

/** Rows read in one go: no snapshot of the log is held for longer, so the writer's checkpoints go on. */
const rowsPerSlice = 256;

/** What is remembered at most: frames of 8 bytes each, and rows. Those beyond are read again by every query. */
const boundsByDefault = { frames: 4_000_000, rows: 250_000 };

/** A row of the log that has readings of the device, and where among the row's readings: [start, end) of each of its frames. */
export interface FoundRow {
  position: number;
  spans: [number, number][];
}

interface Head {
  position: number;
  tsMin: number;
  tsMax: number;
  frames: Buffer;
}

interface Row {
  position: number;
  tsMin: number;
  tsMax: number;
  /** Where its frames begin in the columns. */
  frame: number;
  frames: number;
  readings: number;
}

/**
 * Whose frames lie in which row of the unsealed part of the commit log. Each row is looked at once, so that a query costs what
 * it returns rather than what all devices sent since the last seal.
 */
export function openLogIndex(db: Database.Database, bounds = boundsByDefault) {
  const heads = db.prepare(`
    SELECT position, ts_min AS tsMin, ts_max AS tsMax, frames FROM log
    WHERE position > ? AND ts_max IS NOT NULL ORDER BY position LIMIT ${rowsPerSlice}`);
  const meta = openMeta(db);
  let rows: Row[] = [];
  /** The frames of all rows: whose, and where its readings begin in its row. */
  let device = new Uint32Array(1_024);
  let start = new Uint32Array(1_024);
  let used = 0;
  let last = 0;

  /** Learns what was committed, and forgets what was sealed, since it was called last. */
  function catchUp(): void {
    forget(meta.number('sealed_position'));
    for (const head of headsAfter(last)) {
      if (!remember(head)) return;
      last = head.position;
    }
  }

  function* headsAfter(position: number): Generator<Head> {
    for (let after = position; ; ) {
      const slice = heads.all(after) as Head[];
      yield* slice;
      if (slice.length < rowsPerSlice) return;
      after = slice[slice.length - 1].position;
    }
  }

  function remember({ position, tsMin, tsMax, frames }: Head): boolean {
    const owners = decodeOwners(frames);
    if (used + owners.count > bounds.frames || rows.length >= bounds.rows) return false;
    while (used + owners.count > device.length) grow();
    device.set(owners.device, used);
    const row: Row = { position, tsMin, tsMax, frame: used, frames: owners.count, readings: 0 };
    for (let i = 0; i < owners.count; i++) {
      start[used++] = row.readings;
      row.readings += owners.readings[i];
    }
    rows.push(row);
    return true;
  }

  function grow(): void {
    const [moreDevice, moreStart] = [new Uint32Array(2 * device.length), new Uint32Array(2 * start.length)];
    moreDevice.set(device);
    moreStart.set(start);
    [device, start] = [moreDevice, moreStart];
  }

  function forget(sealed: number): void {
    last = Math.max(last, sealed);
    if (rows.length === 0 || rows[0].position > sealed) return;
    const from = rows.findIndex(({ position }) => position > sealed);
    const gone = from < 0 ? used : rows[from].frame;
    rows = from < 0 ? [] : rows.slice(from);
    for (const row of rows) row.frame -= gone;
    device.copyWithin(0, gone, used);
    start.copyWithin(0, gone, used);
    used -= gone;
  }

  /** The unsealed rows that have readings of the device, of which some may lie in [from, to); in order of storing. */
  function* find(deviceKey: number, from: number, to: number): Generator<FoundRow> {
    catchUp();
    const beyond = last;
    for (const row of rows) {
      if (row.tsMax < from || row.tsMin >= to) continue;
      const spans = spansOf(deviceKey, row);
      if (spans.length > 0) yield { position: row.position, spans };
    }
    for (const head of headsAfter(beyond)) {
      if (head.tsMax < from || head.tsMin >= to) continue;
      const spans = spansOfHead(deviceKey, head);
      if (spans.length > 0) yield { position: head.position, spans };
    }
  }

  function spansOf(deviceKey: number, { frame, frames, readings }: Row): [number, number][] {
    const spans: [number, number][] = [];
    const end = frame + frames;
    for (let i = frame; i < end; i++)
      if (device[i] === deviceKey) spans.push([start[i], i + 1 < end ? start[i + 1] : readings]);
    return spans;
  }

  return { catchUp, find, frames: (): number => used };
}

function spansOfHead(deviceKey: number, { frames }: Head): [number, number][] {
  const { count, device, readings } = decodeOwners(frames);
  const spans: [number, number][] = [];
  for (let frame = 0, at = 0; frame < count; at += readings[frame++])
    if (device[frame] === deviceKey) spans.push([at, at + readings[frame]]);
  return spans;
}
