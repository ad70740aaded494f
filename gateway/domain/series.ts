/** domain/ holds the types that all parts of the gateway share, and the constants that define them. No behaviour belongs here. */

/** The value of a reading. */
export type Scalar = number | string | boolean;

/** A metric of one device. Its first reading makes it and decides its kind. */
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

/** The newest reading of a series. */
export interface LatestValue {
  /** Unix ms. */
  ts: number;
  value: Scalar;
  unit: string | null;
}

/** A series with the name of its device, so that the day files need no registry. */
export interface SeriesRecord extends Series {
  device: string;
  /** Together with the key it distinguishes the owners of an id, also after an older registry was restored. */
  deviceCreatedAt: number;
}
