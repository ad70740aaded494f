/** The time that a chart shows, Unix ms. If `follow` is true, its end is now, and it moves with the clock. */
export interface Range {
  from: number;
  to: number;
  follow: boolean;
}

/** The spans to choose from, ms. */
export const spans: Record<string, number> = {
  '1m': 60_000,
  '5m': 300_000,
  '1h': 3_600_000,
  '6h': 21_600_000,
  '24h': 86_400_000,
  '7d': 604_800_000,
  '30d': 2_592_000_000,
};

/** The widths of buckets to choose from: in ms, and as the parameter `every`. */
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
/** Spans up to this are drawn from single readings, without buckets. */
const rawMaxMs = 600_000;

/** The bucket width for a span, for about 600 points at most; null: single readings. */
export function bucketOf(spanMs: number): { ms: number; every: string } | null {
  if (spanMs <= rawMaxMs) return null;
  const [ms, every] = widths.find(([width]) => spanMs / width <= pointsWanted) ?? widths[widths.length - 1];
  return { ms, every };
}

/** The range that the address asks for: `zoom` as from-to in Unix ms, else `span` by its name, else the last five minutes. */
export function rangeOf(zoom: string, span: string, now: number): Range {
  const [from, to] = zoom.split('-').map(Number);
  if (zoom !== '' && from < to) return { from, to, follow: false };
  return { from: now - (spans[span] ?? spans['5m']), to: now, follow: true };
}

/** The range moved by a share of its width, at most to `now`. */
export function moved({ from, to }: Range, by: number, now: number): Range {
  const shift = Math.min((to - from) * by, now - to);
  return { from: from + shift, to: to + shift, follow: false };
}

/** The range made wider or narrower around its middle, at least 1 s wide and at most up to `now`. */
export function scaled({ from, to }: Range, factor: number, now: number): Range {
  const [middle, half] = [(from + to) / 2, Math.max(500, ((to - from) / 2) * factor)];
  const end = Math.min(now, middle + half);
  return { from: Math.max(0, end - 2 * half), to: end, follow: false };
}

/** The range as the parameter `zoom` of the address. */
export const zoomText = ({ from, to }: Range): string => `${Math.round(from)}-${Math.round(to)}`;
