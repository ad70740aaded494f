import type Database from 'better-sqlite3';
import type { SeriesKind } from '../../domain/series.js';
import {
  at,
  type ChunkRow,
  createReadings,
  lastTimeOf,
  pack,
  readingsMax,
  reserveSeriesReadings,
  type SeriesReadings,
  unpack,
} from '../chunks/chunk.js';
import { chunkColumns } from '../chunks/chunkTable.js';
import { DamagedChunkError } from '../chunks/packing.js';
import { tupleStatement } from '../sqlite/statement.js';
import { createHeap } from './heap.js';

/** Consecutive readings of one series of a run. */
export interface Piece {
  series: number;
  /** Times of the first and of the last reading. */
  from: number;
  to: number;
  n: number;
  /** The chunk that it is, or null if it comes from rows. */
  row: ChunkRow | null;
  /** Appends the readings. Throws DamagedChunkError. */
  unpack(into: SeriesReadings): void;
}

/** The pieces of a run, by series and time. */
export interface PieceSource {
  /** Null after the last one. */
  piece: Piece | null;
  advance(): void;
}

/** Pieces that are read at once from each of up to 64 runs. */
const piecesPerRead = 64;

/** Pieces that `read` returns in portions; it gets the last piece before, and returns none at the end. */
export function pieceSource(read: (last: Piece | null) => Piece[]): PieceSource {
  let pieces: Piece[] = [];
  let next = 0;
  const source: PieceSource = {
    piece: null,
    advance() {
      if (next >= pieces.length) {
        pieces = read(pieces.at(-1) ?? null);
        next = 0;
      }
      source.piece = pieces[next++] ?? null;
    },
  };
  source.advance();
  return source;
}

/** The chunks of a run. `schema` is the name of an attached file, with a dot. */
export function chunkSource(db: Database.Database, schema: string, run: number): PieceSource {
  const select = tupleStatement<ChunkRow, [run: number, series: number, t0: number]>(
    db,
    `SELECT ${chunkColumns} FROM ${schema}chunk WHERE run = ? AND (series, t0) > (?, ?) ORDER BY series, t0 LIMIT ${piecesPerRead}`,
  );
  return pieceSource((last) => select.all(run, last?.series ?? 0, last?.from ?? 0).map(pieceOf));
}

const pieceOf = (row: ChunkRow): Piece => ({
  series: row[at.series],
  from: row[at.t0],
  to: lastTimeOf(row),
  n: row[at.n],
  row,
  unpack: (into) => unpack(row, into),
});

/** A chunk with fewer readings is packed again with those before and after it. */
const fullMin = readingsMax / 2;

/** About 20 ms of work, in nanoseconds by the next two. After it a seal that is due goes first. */
export const sliceNs = 20e6;

export const pieceNs = 4_000;

export const readingNs = 40;

const sortedNs = 500;

/** About the readings that are sealed for each slice of merging that they will need: small chunks take more than full ones. */
export const readingsPerSlice = 100_000;

export interface Repacking {
  /** The database of the new chunks. It has no open transaction between slices. */
  db: Database.Database;
  sources: readonly PieceSource[];
  /** Pieces of other series are left out. */
  keeps(series: number): boolean;
  kindOf(series: number): SeriesKind;
  /** Stores a new chunk, whose bytes are valid only during the call. */
  put(row: ChunkRow): void;
  /**
   * Stores a chunk that cannot be unpacked, as it is, so that it can still be found and named. It needs a run of its own, because chunks
   * of the new run may begin within it, or at the same time if its readings came again.
   */
  putDamaged(row: ChunkRow): void;
}

/**
 * Packs the pieces of sources into chunks of one run, one slice per step of the generator. Full chunks that no other piece overlaps are
 * copied as they are. An identity that is in two sources, as in files that were restored from different backups, is taken once.
 * Returns the number of readings without those of chunks that cannot be unpacked.
 */
export function* repack({ db, sources, keeps, kindOf, put, putDamaged }: Repacking): Generator<void, number> {
  const heap = createHeap<{ source: PieceSource; piece: Piece }>(
    ({ piece: a }, { piece: b }) => a.series < b.series || (a.series === b.series && a.from < b.from),
  );
  for (const source of sources) if (source.piece !== null) heap.add({ source, piece: source.piece });
  let readings = 0;
  const putCounted = (row: ChunkRow): void => {
    put(row);
    readings += row[at.n];
  };
  const open = createOpenReadings(putCounted, kindOf);
  let spentNs = 0;
  db.exec('BEGIN');
  try {
    for (let top = heap.top(); top !== undefined; top = heap.top()) {
      const { source, piece } = top;
      source.advance();
      if (source.piece === null) heap.removeTop();
      else {
        top.piece = source.piece;
        heap.topChanged();
      }
      spentNs += pieceNs;
      if (keeps(piece.series)) {
        const next = heap.top()?.piece;
        const finalBefore = next?.series === piece.series ? next.from : Number.POSITIVE_INFINITY;
        open.begin(piece.series);
        if (piece.row !== null && piece.n >= fullMin && piece.to < finalBefore && open.standsClearOf(piece)) {
          open.flush();
          putCounted(piece.row);
        } else {
          spentNs += readingNs * piece.n;
          try {
            open.take(piece);
          } catch (error) {
            if (!(error instanceof DamagedChunkError) || piece.row === null) throw error;
            putDamaged(piece.row);
          }
          spentNs += sortedNs * open.emit(finalBefore);
        }
      }
      if (spentNs < sliceNs) continue;
      spentNs = 0;
      db.exec('COMMIT');
      yield;
      db.exec('BEGIN');
    }
    open.flush();
    db.exec('COMMIT');
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  }
  return readings;
}

/** The readings of one series that are not in a chunk yet. */
interface OpenReadings {
  /** Packs what is left of the series before, if this is another one. */
  begin(series: number): void;
  /** Whether all readings are before the piece, and too many or none to be worth a chunk together with it. */
  standsClearOf(piece: Piece): boolean;
  take(piece: Piece): void;
  /** Packs readings before that time, which are complete, once they are many. Returns the number of readings that were sorted for it. */
  emit(before: number): number;
  flush(): void;
}

/**
 * Pieces that overlap are gathered one behind another, and sorted once there are twice as many readings as the last sorting left over, so
 * that a reading is sorted a few times however many pieces overlap.
 */
function createOpenReadings(put: (row: ChunkRow) => void, kindOf: (series: number) => SeriesKind): OpenReadings {
  let held = createReadings(8 * readingsMax);
  let other = createReadings(readingsMax);
  let [series, start, hint] = [-1, 0, -1];
  let newest = Number.NEGATIVE_INFINITY;
  let [isSorted, leftOver] = [true, 0];

  function putNext(n: number): void {
    const row = pack(kindOf(series), series, held, start, n, hint);
    hint = row[at.k];
    start += row[at.n];
    put(row);
  }

  function flush(): void {
    if (!isSorted) sort();
    while (start < held.count) {
      const left = held.count - start;
      putNext(Math.ceil(left / Math.ceil(left / readingsMax)));
    }
    [start, held.count, leftOver, newest] = [0, 0, 0, Number.NEGATIVE_INFINITY];
  }

  /** Moves what is left to the beginning, so that room is behind it. */
  function compact(): void {
    held.ts.copyWithin(0, start, held.count);
    held.value.copyWithin(0, start, held.count);
    if (held.texts.length > 0) held.texts.splice(0, start);
    held.count -= start;
    start = 0;
  }

  /** Of two readings with one identity the one that came first stays. */
  function sort(): void {
    const { ts } = held;
    const order = Uint32Array.from({ length: held.count - start }, (_, i) => start + i);
    order.sort((a, b) => ts[a] - ts[b] || a - b);
    other.count = 0;
    other.texts.length = 0;
    reserveSeriesReadings(other, order.length);
    for (const i of order) if (other.count === 0 || ts[i] !== other.ts[other.count - 1]) copy(held, i, other);
    [held, other, start, isSorted] = [other, held, 0, true];
  }

  return {
    begin(wanted) {
      if (wanted === series) return;
      flush();
      held.texts.length = 0;
      [series, hint] = [wanted, -1];
    },
    standsClearOf({ from }) {
      const count = held.count - start;
      return count === 0 || (count >= fullMin && newest < from);
    },
    take(piece) {
      reserveSeriesReadings(held, piece.n);
      piece.unpack(held);
      if (newest >= piece.from) isSorted = false;
      newest = Math.max(newest, piece.to);
    },
    emit(before) {
      const count = held.count - start;
      if (count < 2 * Math.max(readingsMax, leftOver)) return 0;
      const sorted = isSorted ? 0 : count;
      if (!isSorted) sort();
      while (held.count - start >= 2 * readingsMax && held.ts[start + readingsMax - 1] < before) putNext(readingsMax);
      leftOver = sorted === 0 ? 0 : held.count - start;
      if (start > 4 * readingsMax) compact();
      return sorted;
    },
    flush,
  };
}

function copy(from: SeriesReadings, i: number, into: SeriesReadings): void {
  into.ts[into.count] = from.ts[i];
  into.value[into.count] = from.value[i];
  if (from.texts.length > 0) into.texts[into.count] = from.texts[i];
  into.count++;
}
