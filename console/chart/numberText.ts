/** A number with as many digits as steps of this size need; never fewer than tell it apart from its neighbours. */
export function numberText(value: number, step: number): string {
  const decimals = step > 0 && Number.isFinite(step) ? Math.max(0, Math.min(10, Math.ceil(-Math.log10(step)))) : 2;
  return value.toLocaleString('en', { minimumFractionDigits: 0, maximumFractionDigits: decimals });
}
