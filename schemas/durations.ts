const unitsMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration as people write it, such as 250ms, 60s, 5m, 1h or 2d, in milliseconds. Null if the text is no duration. */
export function durationMsIn(text: string): number | null {
  const [, count, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
  return count === undefined ? null : Number(count) * unitsMs[unit];
}

/** How to write a span of time, for messages. */
export const spanForms = 'a span of time such as 10s, 5m, 1h or 1d (a number without a unit is seconds)';

/** A span of time on a command line, in milliseconds: a duration, or a bare number of seconds. Null if the text is neither. */
export function spanMsIn(text: string): number | null {
  return durationMsIn(/^\d+(\.\d+)?$/.test(text) ? `${text}s` : text);
}
