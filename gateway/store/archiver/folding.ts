import { createLatest } from '../../columns/latest.js';
import type { ReadingColumns } from '../../columns/readingColumns.js';
import type { Declared } from '../../domain/declared.js';
import { type SeriesRecord, seriesKinds } from '../../domain/series.js';
import { foldParts } from '../logDb/foldParts.js';
import type { FrameColumns } from '../logDb/logRow.js';
import type { Fold } from '../threads/calls.js';

/** Gathers what the rows say beside their readings. */
export function createFolding(series: readonly SeriesRecord[]) {
  const declared: Declared = { series: [], streams: [], tables: [] };
  const latest = createLatest();
  latest.reserve(series.length);
  const marks = createMarks();
  const isString = (id: number): boolean => series[id].kind === seriesKinds.string;

  function fold(): Fold {
    return {
      series: declared.series,
      streams: declared.streams.filter(({ kept }) => kept).map((stream) => ({ ...stream, ...marks.of(stream.id) })),
      tables: declared.tables,
      latest: latest.columns(),
      ...marks.columns(),
    };
  }

  return {
    take(row: { declared: Declared | null; frames: FrameColumns; readings: ReadingColumns }): void {
      if (row.declared !== null) {
        declared.series.push(...row.declared.series.map(({ id }) => series[id]));
        declared.streams.push(...row.declared.streams);
        declared.tables.push(...row.declared.tables);
        latest.reserve(series.length);
      }
      marks.take(row.frames);
      latest.take(row.readings, isString);
    },
    parts: () => foldParts(fold(), isString),
  };
}

/** Of each stream its highest number and its last frame's time; a device's last receipt follows from those of its streams. */
function createMarks() {
  const places = new Map<number, number>();
  let size = 1_024;
  let device = new Uint32Array(size);
  let mark = new Uint32Array(size);
  let usedAt = new Float64Array(size);

  function placeOf(stream: number, itsDevice: number): number {
    const known = places.get(stream);
    if (known !== undefined) return known;
    const place = places.size;
    if (place === size) grow();
    places.set(stream, place);
    device[place] = itsDevice;
    return place;
  }

  function grow(): void {
    size *= 2;
    const [moreDevice, moreMark, moreUsedAt] = [new Uint32Array(size), new Uint32Array(size), new Float64Array(size)];
    moreDevice.set(device);
    moreMark.set(mark);
    moreUsedAt.set(usedAt);
    [device, mark, usedAt] = [moreDevice, moreMark, moreUsedAt];
  }

  function receipts(): Fold['receipts'] {
    const last = new Map<number, number>();
    for (let place = 0; place < places.size; place++)
      if (usedAt[place] > (last.get(device[place]) ?? 0)) last.set(device[place], usedAt[place]);
    return { device: Uint32Array.from(last.keys()), at: Float64Array.from(last.values()) };
  }

  return {
    take(frames: FrameColumns): void {
      for (let i = 0; i < frames.count; i++) {
        const place = placeOf(frames.stream[i], frames.device[i]);
        if (frames.seq[i] > mark[place]) mark[place] = frames.seq[i];
        if (frames.receivedAt[i] > usedAt[place]) usedAt[place] = frames.receivedAt[i];
      }
    },
    of(stream: number): { mark: number; usedAt: number } {
      const place = places.get(stream);
      return place === undefined ? { mark: 0, usedAt: 0 } : { mark: mark[place], usedAt: usedAt[place] };
    },
    columns(): Pick<Fold, 'marks' | 'receipts'> {
      const count = places.size;
      const stream = Uint32Array.from(places.keys());
      return {
        marks: { stream, mark: mark.slice(0, count), usedAt: usedAt.slice(0, count) },
        receipts: receipts(),
      };
    },
  };
}
