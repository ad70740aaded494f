import { grown } from '../../columns/growable.js';
import { clockStepBackMaxMs, laterOf } from '../../process/clock.js';
import type { Fold } from '../logDb/fold.js';
import type { FrameColumns } from '../logDb/rowBlobs.js';

/** The highest seq and the time of the last frame of each stream. A device's last receipt time is the latest of its streams. */
export interface Marks {
  /** The frames of a row that was committed at this time, Unix ms. */
  take(frames: FrameColumns, committedAt: number): void;
  /** Zeros if the stream has no frame. `usedAt` is Unix ms. */
  of(stream: number): { mark: number; usedAt: number };
  columns(): Pick<Fold, 'marks' | 'receipts'>;
}

export function createMarks(): Marks {
  const places = new Map<number, number>();
  let device = new Uint32Array(1_024);
  let mark = new Uint32Array(1_024);
  let usedAt = new Float64Array(1_024);

  function placeOf(stream: number, deviceKey: number): number {
    const known = places.get(stream);
    if (known !== undefined) return known;
    const place = places.size;
    places.set(stream, place);
    device = grown(device, places.size);
    mark = grown(mark, places.size);
    usedAt = grown(usedAt, places.size);
    device[place] = deviceKey;
    return place;
  }

  function receipts(): Fold['receipts'] {
    const last = new Map<number, number>();
    for (let place = 0; place < places.size; place++)
      if (usedAt[place] > (last.get(device[place]) ?? 0)) last.set(device[place], usedAt[place]);
    return { device: Uint32Array.from(last.keys()), at: Float64Array.from(last.values()) };
  }

  return {
    take(frames, committedAt) {
      for (let i = 0; i < frames.count; i++) {
        const place = placeOf(frames.stream[i], frames.device[i]);
        if (frames.seq[i] > mark[place]) mark[place] = frames.seq[i];
        usedAt[place] = laterOf(usedAt[place], frames.receivedAt[i], committedAt + clockStepBackMaxMs);
      }
    },
    of(stream) {
      const place = places.get(stream);
      return place === undefined ? { mark: 0, usedAt: 0 } : { mark: mark[place], usedAt: usedAt[place] };
    },
    columns() {
      const count = places.size;
      const stream = Uint32Array.from(places.keys());
      return {
        marks: { stream, mark: mark.slice(0, count), usedAt: usedAt.slice(0, count) },
        receipts: receipts(),
      };
    },
  };
}
