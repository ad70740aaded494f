/** A value as short as it is exact: binary devices send 32-bit floats, whose decimals as doubles are noise. */
export function valueText(value: number | string | boolean): string {
  if (typeof value !== 'number') return String(value);
  if (Math.fround(value) !== value || Number.isInteger(value)) return String(value);
  for (let digits = 6; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}
