import { type Declared, type StreamRecord, streamNamesMax } from '../../domain/declared.js';
import type { SeriesRecord } from '../../domain/series.js';

export interface NamesSource {
  series(id: number): SeriesRecord | null;
  stream(id: number): StreamRecord | null;
}

export type Names = ReturnType<typeof createNames>;

/**
 * What the ids of the log's rows stand for: from what the rows declare, read in their order, and from the tables that hold what
 * was declared by rows that are gone. Removed devices keep their names there.
 */
export function createNames(source: NamesSource) {
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

  /** A name that came again, or that newer ones have replaced, is used by no later row. */
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
    /** To be called for each row before its frames are named. */
    learn(declared: Declared | null): void {
      for (const device of touched) trim(device);
      touched.clear();
      for (const one of declared?.series ?? []) series.set(one.id, one);
      for (const one of declared?.streams ?? []) learnStream(one);
    },
    series(id: number): SeriesRecord | null {
      let one = series.get(id) ?? null;
      if (one === null) {
        one = source.series(id);
        if (one !== null) series.set(id, one);
      }
      return one;
    },
    /** Null: it is no longer known, which only a device with dozens of streams comes to. */
    stream(id: number): string | null {
      const known = streams.get(id);
      if (known !== undefined) return known;
      const stored = source.stream(id);
      if (stored !== null) learnStream(stored);
      return stored?.name ?? null;
    },
  };
}
