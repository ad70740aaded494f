/** A number with three significant digits, with k, M or G. */
export function figure(value: number): string {
  const [scale, letter] = (
    [
      [1e9, 'G'],
      [1e6, 'M'],
      [1e3, 'k'],
    ] as const
  ).find(([size]) => Math.abs(value) >= size) ?? [1, ''];
  return `${Number((value / scale).toPrecision(3))}${letter}`;
}

/** A figure with its unit; a second or more of milliseconds in seconds. */
export function quantity(value: number, unit: string): string {
  return unit === ' ms' && value >= 1_000 ? `${figure(value / 1_000)} s` : `${figure(value)}${unit}`;
}

/** Steps of a time axis in seconds: parts of a minute, an hour and a day, then days. */
export const timeSteps = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400, 172_800, 432_000, 864_000,
];

/** The times of an axis with this step, both in seconds, as texts in one unit. */
export function timeTexts(times: readonly number[], step: number): string[] {
  const [size, unit] = step >= 3_600 ? [3_600, 'h'] : step >= 60 ? [60, 'min'] : [1, 's'];
  return times.map((time) => `${Number((time / size).toFixed(2))} ${unit}`);
}
