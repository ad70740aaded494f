/**
 * Text for a terminal: tables, JSON, times. terminal/ turns values into text and text into values; it calls no gateway.
 */

/** A table as text: rows under their headings, each column as wide as its longest cell. */
export function tableOf(headings: string[], rows: string[][]): string {
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i].length)));
  const line = (cells: string[]): string =>
    cells
      .map((cell, i) => (i === cells.length - 1 ? cell : cell.padEnd(widths[i])))
      .join('  ')
      .trimEnd();
  return [line(headings), ...rows.map(line)].join('\n');
}

/** Prints one line of JSON per value: with --json a list is one line per item, and a single answer is one line. */
export function printJson(...values: unknown[]): void {
  for (const value of values) console.log(JSON.stringify(value));
}

/** Unix ms as ISO 8601 in UTC; a dash for null. */
export function timeText(ms: number | null): string {
  return ms === null ? '–' : new Date(ms).toISOString();
}
