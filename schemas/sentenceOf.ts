import type { ErrorObject } from 'ajv/dist/2020.js';
import { countOf } from './display/numbers.js';
import { patternText } from './display/patterns.js';

type Fault = Pick<ErrorObject, 'keyword' | 'params' | 'message'> & Partial<Pick<ErrorObject, 'parentSchema'>>;

/**
 * What is wrong with a value, as a part of a sentence that follows the value's path: `must be one of a, b`. A pattern is said in words, or
 * by the description of its schema if the check was compiled with `verbose`.
 *
 * The text never contains the refused value, which may be a secret. It may contain the name of an unknown property, as long as
 * it came.
 */
export function sentenceOf({ keyword, params, message, parentSchema }: Fault): string {
  return sentences[keyword]?.(params, parentSchema) ?? message ?? `breaks the rule ${keyword}`;
}

const sentences: Readonly<Record<string, (params: ErrorObject['params'], schema: Fault['parentSchema']) => string>> = {
  additionalProperties: ({ additionalProperty }) => `there is no ${additionalProperty}`,
  unevaluatedProperties: ({ unevaluatedProperty }) => `there is no ${unevaluatedProperty}`,
  propertyNames: ({ propertyName }) => `${propertyName} is not a valid name`,
  enum: ({ allowedValues }) => `must be one of ${allowedValues.map(valueText).join(', ')}`,
  const: ({ allowedValue }) => `must be ${valueText(allowedValue)}`,
  type: ({ type }) => `must be ${[type].flat().map(typeText).join(' or ')}`,
  required: ({ missingProperty }) => `needs ${missingProperty}`,
  dependentRequired: ({ missingProperty, property }) => `needs ${missingProperty} because it has ${property}`,
  minimum: ({ limit }) => `must be at least ${limit}`,
  maximum: ({ limit }) => `must be at most ${limit}`,
  exclusiveMinimum: ({ limit }) => `must be above ${limit}`,
  exclusiveMaximum: ({ limit }) => `must be below ${limit}`,
  multipleOf: ({ multipleOf }) => `must be a multiple of ${multipleOf}`,
  pattern: ({ pattern }, schema) => formText(pattern, schema?.description),
  minLength: ({ limit }) => `must have at least ${countOf(limit, 'character')}`,
  maxLength: ({ limit }) => `must have at most ${countOf(limit, 'character')}`,
  minItems: ({ limit }) => `must have at least ${countOf(limit, 'item')}`,
  maxItems: ({ limit }) => `must have at most ${countOf(limit, 'item')}`,
  uniqueItems: () => 'must not have the same item twice',
  minProperties: ({ limit }) => `must have at least ${countOf(limit, 'entry', 'entries')}`,
  maxProperties: ({ limit }) => `must have at most ${countOf(limit, 'entry', 'entries')}`,
  oneOf: () => 'must have exactly one of these forms',
  anyOf: () => 'must have one of these forms',
  not: () => 'is not allowed',
};

const types: Readonly<Record<string, string>> = {
  integer: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
};

const typeText = (type: string): string => types[type] ?? type;

function formText(pattern: string, description: unknown): string {
  const words = patternText(pattern);
  if (words !== null) return `must have ${words}`;
  return typeof description === 'string'
    ? `does not have the allowed form: ${description.replace(/\.$/, '')}`
    : `must match the pattern ${pattern}`;
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
