import type { ErrorObject } from 'ajv/dist/2020.js';

/**
 * What is wrong with a value, as a part of a sentence that follows the value's path: `must be one of a, b`. It is ajv's own
 * message, except for keywords whose message leaves out the name or value that the reader needs to correct the mistake.
 *
 * The text never contains the refused value, which may be a secret. It may contain the name of an unknown property, as long as
 * it came.
 */
export function sentenceOf({ keyword, params, message }: Pick<ErrorObject, 'keyword' | 'params' | 'message'>): string {
  switch (keyword) {
    case 'additionalProperties':
      return `there is no ${params.additionalProperty}`;
    case 'unevaluatedProperties':
      return `there is no ${params.unevaluatedProperty}`;
    case 'propertyNames':
      return `${params.propertyName} is not a valid name`;
    case 'enum':
      return `must be one of ${params.allowedValues.map(valueText).join(', ')}`;
    case 'const':
      return `must be ${valueText(params.allowedValue)}`;
    default:
      return message ?? `breaks the rule ${keyword}`;
  }
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
