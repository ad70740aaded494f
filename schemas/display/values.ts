import { quantityText, type Scale } from './numbers.js';

/** The value of a reading with its unit: a number, `yes` or `no`, or the text as it is. `scale` is that of its neighbours (`scaleOf`). */
export function readingText(value: number | string | boolean, unit: string | null, scale?: Scale): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'number' ? quantityText(value, unit, scale) : value;
}

/** A text of at most `charsMax` characters: a longer one ends in an ellipsis. No character is cut in half. */
export function shortText(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const chars = [...text];
  return chars.length <= charsMax
    ? text
    : `${chars
        .slice(0, charsMax - 1)
        .join('')
        .trimEnd()}…`;
}
