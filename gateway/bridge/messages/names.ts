import { type Declared, type StreamRecord, streamNamesMax } from '../../domain/declared.js';
import type { SeriesRecord } from '../../domain/series.js';

/** What was declared before the log's first row. */
export interface NamesSource {
  series(id: number): SeriesRecord | null;
  stream(id: number): StreamRecord | null;
}

/**
 * The names behind the ids in the rows of the log. They come from what the rows declare, read in order, and from the tables for
 * what earlier rows have declared. Removed devices keep their names in these tables.
 */
export interface Names {
  /** Takes in what a row declares. To be called for each row before its frames are named. */
  learn(declared: Declared | null): void;
  /** Null: it was never declared. */
  series(id: number): SeriesRecord | null;
  /** Null: it is no longer known, which needs a device with dozens of streams. */
  stream(id: number): string | null;
}

export function createNames(source: NamesSource): Names {
  const series = new Map<number, SeriesRecord>();
  const streams = new Map<number, string>();
  const byDevice = new Map<number, StreamRecord[]>();
  const touched = new Set<number>();

  function learnStream(stream: StreamRecord): void {
    streams.set(stream.id, stream.name);
    const known = byDevice.get(stream.deviceKey);
    if (known === undefined) byDevice.set(stream.deviceKey, [stream]);
    else known.push(stream);
    touched.add(stream.deviceKey);
  }

  /** No later row uses a stream whose name came again, or that newer streams have replaced. */
  function trim(device: number): void {
    const all = (byDevice.get(device) ?? []).sort((a, b) => b.id - a.id);
    const left: Record<'kept' | 'own', number> = { ...streamNamesMax };
    const seen = new Set<string>();
    const live = all.filter(({ id, name, kept }) => {
      const stays = !seen.has(name) && left[kept ? 'kept' : 'own']-- > 0;
      seen.add(name);
      if (!stays) streams.delete(id);
      return stays;
    });
    byDevice.set(device, live);
  }

  return {
    learn(declared) {
      for (const device of touched) trim(device);
      touched.clear();
      for (const record of declared?.series ?? []) series.set(record.id, record);
      for (const record of declared?.streams ?? []) learnStream(record);
    },
    series(id) {
      const known = series.get(id);
      if (known !== undefined) return known;
      const stored = source.series(id);
      if (stored !== null) series.set(id, stored);
      return stored;
    },
    stream(id) {
      const known = streams.get(id);
      if (known !== undefined) return known;
      const stored = source.stream(id);
      if (stored !== null) learnStream(stored);
      return stored?.name ?? null;
    },
  };
}
