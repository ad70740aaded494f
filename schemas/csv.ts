/** A field of a CSV row (RFC 4180): quoted if it has to be. */
export function csvField(value: unknown): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
