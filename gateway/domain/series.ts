/** What several stages speak of. Stages do not import each other; they share these. */

export type Scalar = number | string | boolean;

/** A metric of one device, made by its first reading, whose kind it keeps. */
export interface Series {
  id: number;
  deviceKey: number;
  metric: string;
  unit: string | null;
  kind: SeriesKind;
}

/** The kind byte of a series, as stored. */
export const seriesKinds = { number: 0, string: 1, boolean: 2 } as const;

export type SeriesKind = (typeof seriesKinds)[keyof typeof seriesKinds];

export interface Reading {
  metric: string;
  /** Unix ms. */
  ts: number;
  value: Scalar;
}

export interface LatestValue {
  ts: number;
  value: Scalar;
  unit: string | null;
}

/** A series with its device by name: the day files say whose a reading is without the registry. */
export interface SeriesRecord extends Series {
  device: string;
  /** With the key it tells the owners of an id apart, also where an older registry was put beside newer day files. */
  deviceCreatedAt: number;
}
