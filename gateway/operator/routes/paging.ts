/** The query parameters that every list takes. */
export const pageQuery = {
  limit: { type: 'integer', minimum: 1, maximum: 10_000, default: 1_000, description: 'The most items per page.' },
  cursor: {
    type: 'string',
    maxLength: 1_024,
    description: 'The `next` of the page before. Without it the first page is returned.',
  },
};
