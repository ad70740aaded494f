import { useEffect, useRef, useState } from 'preact/hooks';
import type { BucketItem, ReadingItem } from '../../schemas/generated/operator.js';
import type { Range } from '../chart/range.js';
import { type SeriesName, seriesText } from '../chart/series.js';
import { valuesOf } from '../fleet/values.js';
import { readSeries, type Stored } from './readSeries.js';

/** A chart that moves with the clock is read again this often. Between two reads, live values are added to it. */
const readAgainMs = 30_000;
/** Readings beyond the range that are kept, so that a line reaches the edge of the chart. */
const marginMs = 60_000;

/** A series with what is known of it. */
export interface Read {
  name: SeriesName;
  /** null until it was read once. */
  stored: Stored | null;
  /** Stored and live items in the range, oldest first. */
  items: (ReadingItem | BucketItem)[];
  /** Why it could not be read, as a sentence; null: it could. */
  trouble: string | null;
}

interface Kept {
  stored: Stored | null;
  live: ReadingItem[];
  trouble: string | null;
}

/**
 * Reads the series in the range, again whenever `asked` changes, and every 30 s if the range moves with the clock. Latest values
 * that come meanwhile are appended if the range ends now; the caller watches the values of the devices.
 */
export function useSeries(names: readonly SeriesName[], range: Range, asked: string, moves: boolean) {
  const kept = useRef(new Map<string, Kept>());
  const [, redraw] = useState(0);
  const round = useRef(0);
  const current = useRef(range);
  current.current = range;
  const wanted = names.map(seriesText).join('\n');

  const read = (): void => {
    for (const name of names) void take(name);
  };
  async function take(name: SeriesName): Promise<void> {
    const text = seriesText(name);
    const ofRound = round.current;
    const before = kept.current.get(text);
    try {
      const stored = await readSeries(name, current.current);
      // The range was changed meanwhile, and is being read.
      if (ofRound !== round.current) return;
      const last = stored.items.at(-1)?.ts ?? 0;
      const live = (kept.current.get(text)?.live ?? []).filter(({ ts }) => ts > last);
      kept.current.set(text, { stored, live, trouble: null });
    } catch (error) {
      if (ofRound !== round.current) return;
      kept.current.set(text, { stored: before?.stored ?? null, live: [], trouble: (error as Error).message });
    }
    redraw((count) => count + 1);
  }

  useEffect(() => {
    round.current++;
    const names = new Set(wanted.split('\n'));
    for (const text of kept.current.keys()) if (!names.has(text)) kept.current.delete(text);
    read();
    const timer = moves ? setInterval(read, readAgainMs) : undefined;
    return () => clearInterval(timer);
  }, [wanted, asked, moves]);

  return { series: names.map((name) => readOf(name, kept.current.get(seriesText(name)), range)), read };
}

/** Takes the newest value of the device into the live items, and joins them with the stored ones. */
function readOf(name: SeriesName, kept: Kept | undefined, range: Range): Read {
  if (kept === undefined) return { name, stored: null, items: [], trouble: null };
  const { stored, live, trouble } = kept;
  const newest = valuesOf(name.device)[name.metric];
  const end = stored?.items.at(-1)?.ts ?? 0;
  if (range.follow && newest !== undefined && newest.ts > (live.at(-1)?.ts ?? end))
    live.push({ metric: name.metric, ts: newest.ts, value: newest.value });
  const margin = Math.max(marginMs, stored?.bucket?.ms ?? 0);
  const inRange = ({ ts }: { ts: number }): boolean => ts >= range.from - margin && ts <= range.to + margin;
  const items = [...(stored?.items ?? []), ...(range.follow ? live : [])].filter(inRange);
  return { name, stored, items, trouble };
}
