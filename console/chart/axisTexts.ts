import { numberText } from '../../schemas/display/numbers.js';

/** The labels of a value axis: as many decimals as its steps need, so that neighbours never look the same. */
export function axisTexts(splits: readonly number[], divisor: number): string[] {
  const step = (splits[1] - splits[0]) / divisor;
  // A step is a multiple of a power of ten, but for the last bits of a floating-point number.
  const isWhole = (value: number): boolean => Math.abs(value - Math.round(value)) < 1e-3 * value;
  const decimals = step > 0 ? [0, 1, 2, 3, 4, 5, 6, 7, 8].find((count) => isWhole(step * 10 ** count)) : undefined;
  return splits.map((value) => numberText(value / divisor, decimals ?? 2));
}
