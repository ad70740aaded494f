/** A metric of a device. */
export interface SeriesName {
  device: string;
  metric: string;
}

/** A chart draws this many series at most: more lines can be told apart by nobody, and each is a request of its own. */
export const seriesMax = 12;

/** A series as one text, such as boiler-1:temperature. Ids of devices have no colon. */
export const seriesText = ({ device, metric }: SeriesName): string => `${device}:${metric}`;

/** What the parameters `series` of the address name. */
export interface Wanted {
  series: SeriesName[];
  /** Texts that name no series. */
  wrong: string[];
  /** How many series are left out, because a chart draws only `seriesMax`. */
  leftOut: number;
}

/** The series that texts such as boiler-1:temperature name, each once. */
export function seriesIn(texts: readonly string[]): Wanted {
  const unique = [...new Set(texts)];
  const isSeries = (text: string): boolean => /^[^:]+:.+$/.test(text);
  const named = unique.filter(isSeries).map((text) => {
    const at = text.indexOf(':');
    return { device: text.slice(0, at), metric: text.slice(at + 1) };
  });
  return {
    series: named.slice(0, seriesMax),
    wrong: unique.filter((text) => !isSeries(text)),
    leftOut: Math.max(0, named.length - seriesMax),
  };
}
