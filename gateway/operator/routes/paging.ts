/** The query parameters that every list takes. */
export const pageQuery = {
  limit: { type: 'integer', minimum: 1, maximum: 10_000, default: 1_000, description: 'Items a page' },
  cursor: { type: 'string', maxLength: 1_024, description: 'next of the page before' },
};
