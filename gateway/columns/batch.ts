import type { Declared } from '../domain/declared.js';
import type { NewRejectedFrame } from '../domain/rejected.js';
import type { ReadingColumns } from './readingColumns.js';

/** A batch under construction: a Batch whose arrays grow. */
export function createBatch(): Batch {
  return {
    readings: 0,
    series: new Uint32Array(4096),
    ts: new Float64Array(4096),
    value: new Float64Array(4096),
    frames: 0,
    frameDevice: new Uint32Array(512),
    frameStream: new Uint32Array(512),
    frameSeq: new Uint32Array(512),
    frameReadings: new Uint32Array(512),
    frameReceivedAt: new Float64Array(512),
    strings: [],
    declared: { series: [], streams: [], tables: [] },
    rejected: [],
  };
}

/** Makes a batch that came back from the store ready for the next readings, in the same memory. */
export function emptyBatch(batch: Batch): Batch {
  batch.readings = 0;
  batch.frames = 0;
  batch.strings = [];
  batch.declared = { series: [], streams: [], tables: [] };
  batch.rejected = [];
  return batch;
}

/** Makes room for `more` readings, so that a loop may write without asking. */
export function reserveReadings(batch: Batch, more: number): void {
  const needed = batch.readings + more;
  if (needed <= batch.series.length) return;
  const size = Math.max(needed, 2 * batch.series.length);
  batch.series = grown(new Uint32Array(size), batch.series);
  batch.ts = grown(new Float64Array(size), batch.ts);
  batch.value = grown(new Float64Array(size), batch.value);
}

export function addFrame(
  batch: Batch,
  device: number,
  stream: number,
  seq: number,
  readings: number,
  receivedAt: number,
): void {
  const at = batch.frames;
  if (at === batch.frameDevice.length) reserveFrames(batch);
  batch.frameDevice[at] = device;
  batch.frameStream[at] = stream;
  batch.frameSeq[at] = seq;
  batch.frameReadings[at] = readings;
  batch.frameReceivedAt[at] = receivedAt;
  batch.frames = at + 1;
}

function reserveFrames(batch: Batch): void {
  const size = 2 * batch.frameDevice.length;
  batch.frameDevice = grown(new Uint32Array(size), batch.frameDevice);
  batch.frameStream = grown(new Uint32Array(size), batch.frameStream);
  batch.frameSeq = grown(new Uint32Array(size), batch.frameSeq);
  batch.frameReadings = grown(new Uint32Array(size), batch.frameReadings);
  batch.frameReceivedAt = grown(new Float64Array(size), batch.frameReceivedAt);
}

function grown<Column extends Uint32Array | Float64Array>(to: Column, from: Column): Column {
  to.set(from);
  return to;
}

/**
 * What crosses between the main thread and the store's workers: one typed map a worker.
 * Arguments and answers are structured clones; the buffers of a batch are transferred, both ways.
 */

/** One commit's worth of telemetry, columnar. Arrays may be longer than their count says. */
export interface Batch extends ReadingColumns {
  /** Frames in order of receipt; frame i holds the next `frameReadings[i]` readings. */
  frames: number;
  frameDevice: Uint32Array;
  frameStream: Uint32Array;
  frameSeq: Uint32Array;
  frameReadings: Uint32Array;
  frameReceivedAt: Float64Array;
  declared: Declared;
  rejected: NewRejectedFrame[];
}

/** The memory of a batch, to be moved to the other thread. */
export function buffersOf(batch: Batch): ArrayBuffer[] {
  const { series, ts, value, frameDevice, frameStream, frameSeq, frameReadings, frameReceivedAt } = batch;
  return [series, ts, value, frameDevice, frameStream, frameSeq, frameReadings, frameReceivedAt].map(
    (column) => column.buffer as ArrayBuffer,
  );
}
