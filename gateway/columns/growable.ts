/**
 * A typed array that serves as a growing column: the column itself if it has room for `length` entries, else a copy in memory of
 * at least that length and at least twice the present one. New entries are `fill`. The caller keeps the count of used entries.
 */
export function grown(column: Uint32Array<ArrayBuffer>, length: number, fill?: number): Uint32Array<ArrayBuffer>;
export function grown(column: Float64Array<ArrayBuffer>, length: number, fill?: number): Float64Array<ArrayBuffer>;
export function grown(
  column: Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>,
  length: number,
  fill = 0,
): Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer> {
  if (length <= column.length) return column;
  const size = Math.max(length, 2 * column.length);
  const larger = column instanceof Uint32Array ? new Uint32Array(size) : new Float64Array(size);
  larger.set(column);
  if (fill !== 0) larger.fill(fill, column.length);
  return larger;
}
