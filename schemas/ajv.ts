import { Ajv2020, type Options } from 'ajv/dist/2020.js';

/**
 * An ajv for the schemas of this package. It does not check the schemas themselves: a test does (contract.test.ts), and the check
 * would cost every start more time than the compilation.
 */
export const createAjv = (options: Options): Ajv2020 => new Ajv2020({ ...options, validateSchema: false, meta: false });

/** A value that is made when it is first asked for, such as the check of a schema, whose compilation takes some milliseconds. */
export function late<Value>(make: () => Value): () => Value {
  let made: { value: Value } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
