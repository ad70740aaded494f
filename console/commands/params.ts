/** The part of JSON Schema that a form can be made of; whatever else a model says is asked for as JSON. */
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
  /** Never shown again, and erased at the command's end. */
  secret?: boolean;
}

export type Params = Record<string, unknown>;
export type FieldKind = 'choice' | 'number' | 'integer' | 'text' | 'secret' | 'switch' | 'group' | 'json';

/** What a parameter is asked for with. */
export function fieldKind({ type, enum: choices, properties, secret }: ParamSchema): FieldKind {
  if (choices !== undefined) return 'choice';
  switch (type) {
    case 'number':
    case 'integer':
      return type;
    case 'string':
      return secret === true ? 'secret' : 'text';
    case 'boolean':
      return 'switch';
    case 'object':
      return properties === undefined ? 'json' : 'group';
    default:
      return 'json';
  }
}

/** A form can be made of the whole: an object with named parameters and nothing else. */
export function isForm(schema: ParamSchema): boolean {
  return schema.properties !== undefined || schema.additionalProperties === false;
}

/** What the schema sets before anyone types. */
export function defaultsOf({ properties = {} }: ParamSchema): Params {
  const params: Params = {};
  for (const [name, one] of Object.entries(properties)) {
    if (one.default !== undefined) params[name] = one.default;
    else if (one.const !== undefined) params[name] = one.const;
    else if (fieldKind(one) === 'group') params[name] = defaultsOf(one);
  }
  return params;
}

/** The parameters with one changed; undefined leaves it out. */
export function withParam(params: Params, name: string, value: unknown): Params {
  const { [name]: _, ...others } = params;
  return value === undefined ? others : { ...others, [name]: value };
}

/** In words, what a number or a text has to be. */
export function hintOf(schema: ParamSchema): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, minLength, maxLength, pattern } = schema;
  const parts = [];
  if (minimum !== undefined && maximum !== undefined) parts.push(`${minimum} to ${maximum}`);
  else if (minimum !== undefined) parts.push(`at least ${minimum}`);
  else if (maximum !== undefined) parts.push(`at most ${maximum}`);
  if (exclusiveMinimum !== undefined) parts.push(`above ${exclusiveMinimum}`);
  if (exclusiveMaximum !== undefined) parts.push(`below ${exclusiveMaximum}`);
  if (minLength !== undefined) parts.push(`at least ${minLength} characters`);
  if (maxLength !== undefined) parts.push(`at most ${maxLength} characters`);
  if (pattern !== undefined) parts.push(`like ${pattern}`);
  return parts.join(', ');
}
