import { type Scalar, type SeriesKind, seriesKinds } from '../domain/series.js';

/** A value of the store as people see it: a day file stores a boolean as 0 or 1, and a number or a string as itself. */
export function scalarOf(kind: SeriesKind, stored: number | string): Scalar {
  return kind === seriesKinds.boolean ? stored === 1 : stored;
}

/** A value of reading columns as people see it: the number of a string is its index in `strings`. */
export function scalarIn(kind: SeriesKind, value: number, strings: readonly string[]): Scalar {
  return scalarOf(kind, kind === seriesKinds.string ? strings[value] : value);
}
