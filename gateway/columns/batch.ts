/**
 * A commit batch. columns/ holds readings as typed arrays: the batch, newest values, growing columns. It knows neither frames nor
 * files.
 */
import type { Declared } from '../domain/declared.js';
import type { NewRejectedFrame } from '../domain/rejected.js';
import { grown } from './growable.js';
import { createColumns, type ReadingColumns } from './readingColumns.js';

/** The telemetry of one commit, columnar. Arrays may be longer than their count says. */
export interface Batch extends ReadingColumns {
  /** Frames in order of receipt; frame i has the next `frameReadings[i]` readings. */
  frames: number;
  frameDevice: Uint32Array<ArrayBuffer>;
  frameStream: Uint32Array<ArrayBuffer>;
  frameSeq: Uint32Array<ArrayBuffer>;
  frameReadings: Uint32Array<ArrayBuffer>;
  /** Unix ms. */
  frameReceivedAt: Float64Array<ArrayBuffer>;
  /** Names that the batch's frames use for the first time. */
  declared: Declared;
  rejected: NewRejectedFrame[];
}

export function createBatch(): Batch {
  return {
    ...createColumns(4096),
    frames: 0,
    frameDevice: new Uint32Array(512),
    frameStream: new Uint32Array(512),
    frameSeq: new Uint32Array(512),
    frameReadings: new Uint32Array(512),
    frameReceivedAt: new Float64Array(512),
    declared: { series: [], streams: [], tables: [] },
    rejected: [],
  };
}

/** Makes a batch that came back from the store ready for the next readings, in the same memory. */
export function emptyBatch(batch: Batch): Batch {
  batch.readings = 0;
  batch.frames = 0;
  batch.strings = [];
  delete batch.late;
  batch.declared = { series: [], streams: [], tables: [] };
  batch.rejected = [];
  return batch;
}

/** Adds a frame whose `readings` are the last ones that were added to the batch. `receivedAt` is Unix ms. */
export function addFrame(
  batch: Batch,
  device: number,
  stream: number,
  seq: number,
  readings: number,
  receivedAt: number,
): void {
  const at = batch.frames;
  if (at === batch.frameDevice.length) reserveFrame(batch);
  batch.frameDevice[at] = device;
  batch.frameStream[at] = stream;
  batch.frameSeq[at] = seq;
  batch.frameReadings[at] = readings;
  batch.frameReceivedAt[at] = receivedAt;
  batch.frames = at + 1;
}

function reserveFrame(batch: Batch): void {
  const needed = batch.frames + 1;
  batch.frameDevice = grown(batch.frameDevice, needed);
  batch.frameStream = grown(batch.frameStream, needed);
  batch.frameSeq = grown(batch.frameSeq, needed);
  batch.frameReadings = grown(batch.frameReadings, needed);
  batch.frameReceivedAt = grown(batch.frameReceivedAt, needed);
}

/** The memory of a batch, to be moved to the other thread. */
export function buffersOf(batch: Batch): ArrayBuffer[] {
  const { series, ts, value, frameDevice, frameStream, frameSeq, frameReadings, frameReceivedAt } = batch;
  return [series, ts, value, frameDevice, frameStream, frameSeq, frameReadings, frameReceivedAt].map(
    ({ buffer }) => buffer,
  );
}
