import type { DeviceIdentity } from '../../domain/device.js';

/** The result of one seal, which moves rows of the log into day files. */
export interface Sealed {
  /** The last row. The log may be cut up to it once `fold` is stored. */
  position: number;
  rows: number;
  /** Readings of those rows. */
  readings: number;
  /** Readings among them whose identity was stored before. */
  repeated: number;
  /** Day files that were written. */
  days: number;
  /** The number of runs of the day file that has most. */
  runsMax: number;
  /** A Fold in parts, as bytes (foldParts.ts). */
  fold: Uint8Array<ArrayBuffer>[];
  ms: number;
  /** The part of `ms` in which the archiver let other threads work. */
  restedMs: number;
}

/** One slice of the work on day files beside sealing. */
export interface UpkeepStep {
  task: 'merge' | 'finish' | 'heal' | 'expire';
  /** YYYY-MM-DD */
  day: string;
  ms: number;
  /** The task is complete with this slice. */
  done: boolean;
}

/** Long work that an operator asks for. */
export type ArchiveJob =
  | { type: 'erase'; device: DeviceIdentity }
  /** Copies the store into this folder, which is empty or does not exist. */
  | { type: 'backup'; folder: string }
  /** Packs the finished days that have a row per reading. */
  | { type: 'pack' };

export interface JobProgress {
  /** Files that are done, of `total`. */
  done: number;
  total: number;
  /** Bytes that were copied. */
  bytes: number;
  finished: boolean;
}
