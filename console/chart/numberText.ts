/** A number with as many decimals as steps of this size need, so that neighbours on an axis never look the same. */
export function numberText(value: number, step: number): string {
  const decimals = step > 0 && Number.isFinite(step) ? Math.max(0, Math.min(10, Math.ceil(-Math.log10(step)))) : 2;
  return value.toLocaleString('en', { minimumFractionDigits: 0, maximumFractionDigits: decimals });
}
