import { countOf, numberText } from '../../schemas/display/numbers.js';
import { patternText } from '../../schemas/display/patterns.js';

/** The part of JSON Schema that a form can show. Parameters with anything else are typed as JSON. */
export interface ParamSchema {
  type?: string | string[];
  title?: string;
  description?: string;
  properties?: Record<string, ParamSchema>;
  required?: string[];
  additionalProperties?: unknown;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  /** The gateway never shows the value again, and erases it when the command ends. */
  secret?: boolean;
}

/** The parameters of a command. */
export type Params = Record<string, unknown>;
/** The kinds of fields that a form has. */
export type FieldKind = 'choice' | 'number' | 'integer' | 'text' | 'switch' | 'group' | 'json';

/** The kind of field for a parameter. */
export function fieldKind({ type, enum: choices, properties }: ParamSchema): FieldKind {
  if (choices !== undefined) return 'choice';
  switch (type) {
    case 'number':
    case 'integer':
      return type;
    case 'string':
      return 'text';
    case 'boolean':
      return 'switch';
    case 'object':
      return properties === undefined ? 'json' : 'group';
    default:
      return 'json';
  }
}

/** Whether a form can show all parameters: they are named, or there are none. */
export function isForm(schema: ParamSchema): boolean {
  return schema.properties !== undefined || schema.additionalProperties === false;
}

/** The parameters that the schema sets by default. */
export function defaultsOf({ properties = {} }: ParamSchema): Params {
  const params: Params = {};
  for (const [name, property] of Object.entries(properties)) {
    if (property.default !== undefined) params[name] = property.default;
    else if (property.const !== undefined) params[name] = property.const;
    else if (fieldKind(property) === 'group') params[name] = defaultsOf(property);
  }
  return params;
}

/** A copy of the parameters with one changed. The value undefined removes it. */
export function withParam(params: Params, name: string, value: unknown): Params {
  const { [name]: _, ...others } = params;
  return value === undefined ? others : { ...others, [name]: value };
}

/** The limits of a number or a text in words. A pattern that has no words is shown only without a description, which says it better. */
export function hintOf(schema: ParamSchema): string {
  const { description, minimum, maximum, exclusiveMinimum, exclusiveMaximum, minLength, maxLength, pattern } = schema;
  const parts = [];
  if (minimum !== undefined && maximum !== undefined) parts.push(`${numberText(minimum)} to ${numberText(maximum)}`);
  else if (minimum !== undefined) parts.push(`at least ${numberText(minimum)}`);
  else if (maximum !== undefined) parts.push(`at most ${numberText(maximum)}`);
  if (exclusiveMinimum !== undefined) parts.push(`above ${numberText(exclusiveMinimum)}`);
  if (exclusiveMaximum !== undefined) parts.push(`below ${numberText(exclusiveMaximum)}`);
  if (minLength !== undefined) parts.push(`at least ${countOf(minLength, 'character')}`);
  if (maxLength !== undefined) parts.push(`at most ${countOf(maxLength, 'character')}`);
  if (pattern !== undefined) {
    const words = patternText(pattern);
    if (words !== null) parts.push(words);
    else if (description === undefined) parts.push(`must match the pattern ${pattern}`);
  }
  return parts.join(', ');
}
