import type Database from 'better-sqlite3';
import { grown } from '../../columns/growable.js';
import { decodeOwners } from '../logDb/rowBlobs.js';
import { type Meta, openMeta } from '../sqlite/meta.js';
import { statement } from '../sqlite/statement.js';

/** The number of rows per read. No snapshot of the log is kept for longer, so the writer's checkpoints can continue. */
const rowsPerSlice = 256;

/** The limits of remembered frames, of 8 bytes each, and of remembered rows. Every query reads further rows again. */
const boundsByDefault = { frames: 4_000_000, rows: 250_000 };

/** A row of the log that has readings of the device: [start, end) of each of its frames among the row's readings. */
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
  /** The index of its first frame in the columns. */
  frame: number;
  frames: number;
  readings: number;
}

/**
 * Remembers which unsealed row of the commit log has frames of which device. Each row is read once, so that the cost of a query depends
 * on its result and not on what all devices sent since the last seal.
 */
export class LogIndex {
  readonly #heads: Database.Statement<[after: number], Head>;
  readonly #meta: Meta;
  readonly #bounds: { frames: number; rows: number };
  #rows: Row[] = [];
  /** The frames of all rows: the device, and the index of its first reading in its row. */
  #device = new Uint32Array(1_024);
  #start = new Uint32Array(1_024);
  #used = 0;
  #last = 0;

  constructor(db: Database.Database, bounds = boundsByDefault) {
    this.#heads = statement(
      db,
      `SELECT position, ts_min AS tsMin, ts_max AS tsMax, frames FROM log
      WHERE position > ? AND ts_max IS NOT NULL ORDER BY position LIMIT ${rowsPerSlice}`,
    );
    this.#meta = openMeta(db);
    this.#bounds = bounds;
  }

  /** The number of frames that are remembered. */
  get frames(): number {
    return this.#used;
  }

  /** Adds the rows that were committed, and forgets those that were sealed, since the last call. */
  catchUp(): void {
    this.#forget(this.#meta.number('sealed_position'));
    for (const head of this.#headsAfter(this.#last)) {
      if (!this.#remember(head)) return;
      this.#last = head.position;
    }
  }

  /** The unsealed rows that have readings of the device and may have some in [from, to), in order of storing. */
  *find(deviceKey: number, from: number, to: number): Generator<FoundRow> {
    this.catchUp();
    const beyond = this.#last;
    for (const row of this.#rows) {
      if (row.tsMax < from || row.tsMin >= to) continue;
      const spans = this.#spansOf(deviceKey, row);
      if (spans.length > 0) yield { position: row.position, spans };
    }
    for (const head of this.#headsAfter(beyond)) {
      if (head.tsMax < from || head.tsMin >= to) continue;
      const spans = spansOfHead(deviceKey, head);
      if (spans.length > 0) yield { position: head.position, spans };
    }
  }

  *#headsAfter(position: number): Generator<Head> {
    for (let after = position; ; ) {
      const slice = this.#heads.all(after);
      yield* slice;
      if (slice.length < rowsPerSlice) return;
      after = slice[slice.length - 1].position;
    }
  }

  /** False if there is no room for the row. */
  #remember({ position, tsMin, tsMax, frames }: Head): boolean {
    const owners = decodeOwners(frames);
    const used = this.#used + owners.count;
    if (used > this.#bounds.frames || this.#rows.length >= this.#bounds.rows) return false;
    this.#device = grown(this.#device, used);
    this.#start = grown(this.#start, used);
    this.#device.set(owners.device, this.#used);
    const row: Row = { position, tsMin, tsMax, frame: this.#used, frames: owners.count, readings: 0 };
    for (let i = 0; i < owners.count; i++) {
      this.#start[row.frame + i] = row.readings;
      row.readings += owners.readings[i];
    }
    this.#used = used;
    this.#rows.push(row);
    return true;
  }

  #forget(sealed: number): void {
    this.#last = Math.max(this.#last, sealed);
    if (this.#rows.length === 0 || this.#rows[0].position > sealed) return;
    const from = this.#rows.findIndex(({ position }) => position > sealed);
    const gone = from < 0 ? this.#used : this.#rows[from].frame;
    this.#rows = from < 0 ? [] : this.#rows.slice(from);
    for (const row of this.#rows) row.frame -= gone;
    this.#device.copyWithin(0, gone, this.#used);
    this.#start.copyWithin(0, gone, this.#used);
    this.#used -= gone;
  }

  #spansOf(deviceKey: number, { frame, frames, readings }: Row): [number, number][] {
    const spans: [number, number][] = [];
    const device = this.#device;
    const start = this.#start;
    const end = frame + frames;
    for (let i = frame; i < end; i++)
      if (device[i] === deviceKey) spans.push([start[i], i + 1 < end ? start[i + 1] : readings]);
    return spans;
  }
}

function spansOfHead(deviceKey: number, { frames }: Head): [number, number][] {
  const { count, device, readings } = decodeOwners(frames);
  const spans: [number, number][] = [];
  for (let frame = 0, at = 0; frame < count; at += readings[frame++])
    if (device[frame] === deviceKey) spans.push([at, at + readings[frame]]);
  return spans;
}
