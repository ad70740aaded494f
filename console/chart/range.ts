/** What a chart shows, Unix ms. `follow`: its end is now, and it moves. */
export interface Range {
  from: number;
  to: number;
  follow: boolean;
}

export const spans: Record<string, number> = {
  '1m': 60_000,
  '5m': 300_000,
  '1h': 3_600_000,
  '6h': 21_600_000,
  '24h': 86_400_000,
  '7d': 604_800_000,
  '30d': 2_592_000_000,
};

/** Widths of buckets that the gateway is asked for, ms. */
const widths: [number, string][] = [
  [1_000, '1s'],
  [5_000, '5s'],
  [10_000, '10s'],
  [30_000, '30s'],
  [60_000, '1m'],
  [300_000, '5m'],
  [900_000, '15m'],
  [3_600_000, '1h'],
  [21_600_000, '6h'],
  [86_400_000, '1d'],
];
const pointsWanted = 600;
/** Spans up to this are drawn reading by reading. */
const rawMaxMs = 600_000;

/** The bucket width for a span; null: single readings. */
export function bucketOf(spanMs: number): { ms: number; every: string } | null {
  if (spanMs <= rawMaxMs) return null;
  const [ms, every] = widths.find(([width]) => spanMs / width <= pointsWanted) ?? widths[widths.length - 1];
  return { ms, every };
}

/** The address keeps `zoom` as from-to in ms, else `span` by its name. */
export function rangeOf(zoom: string, span: string, now: number): Range {
  const [from, to] = zoom.split('-').map(Number);
  if (zoom !== '' && from < to) return { from, to, follow: false };
  return { from: now - (spans[span] ?? spans['5m']), to: now, follow: true };
}

/** Moved by a share of its width, or made wider or narrower around its middle; never into the future. */
export function moved({ from, to }: Range, by: number, now: number): Range {
  const shift = Math.min((to - from) * by, now - to);
  return { from: from + shift, to: to + shift, follow: false };
}

export function scaled({ from, to }: Range, factor: number, now: number): Range {
  const [middle, half] = [(from + to) / 2, Math.max(500, ((to - from) / 2) * factor)];
  const end = Math.min(now, middle + half);
  return { from: Math.max(0, end - 2 * half), to: end, follow: false };
}

export const zoomText = ({ from, to }: Range): string => `${Math.round(from)}-${Math.round(to)}`;
