import { parseTime, type Query, textOf } from '../http/parameters.js';
import { Problem } from '../http/problems.js';

/** The query parameters that every list takes. */
export const pageQuery = {
  limit: { type: 'integer', minimum: 1, maximum: 10_000, default: 1_000, description: 'The most items per page.' },
  cursor: {
    type: 'string',
    maxLength: 1_024,
    description: 'The `next` of the page before. Without it the first page is returned.',
  },
};

/** The query parameters of a list that may be limited to a span of time. `what` is what it lists. */
export const rangeQuery = (what: string) => ({
  from: { type: 'string', description: `The earliest time of a ${what}, in Unix milliseconds or ISO 8601.` },
  to: {
    type: 'string',
    description: `The time before which a ${what} must have been made, in Unix milliseconds or ISO 8601.`,
  },
});

/** The span of time that these parameters name, in Unix ms; null: that end is open. Throws range_invalid. */
export function rangeOf(query: Query): [from: number | null, to: number | null] {
  const [from, to] = (['from', 'to'] as const).map((name) => {
    const text = textOf(query, name);
    return text === undefined ? null : parseTime(text, name);
  });
  if (from !== null && to !== null && from > to)
    throw new Problem('range_invalid', `The start, ${from}, is later than the end, ${to}`);
  return [from, to];
}
