import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { sentenceOf } from './sentenceOf.js';

const ajv = new Ajv2020({ allErrors: true, strict: false });

function sentences(schema: object, value: unknown): string[] {
  const validate = ajv.compile(schema);
  assert.equal(validate(value), false, `${JSON.stringify(value)} is expected to break ${JSON.stringify(schema)}`);
  return (validate.errors ?? []).map(sentenceOf);
}

test('every keyword that the schemas use has a sentence that names the rule', () => {
  const named = { type: 'object', properties: { a: {} } };
  const cases: [schema: object, value: unknown, sentence: string][] = [
    [{ ...named, additionalProperties: false }, { b: 1 }, 'there is no b'],
    [{ ...named, unevaluatedProperties: false }, { b: 1 }, 'there is no b'],
    [{ enum: ['a', 'b'] }, 'c', 'must be one of a, b'],
    [{ enum: ['a', 1, null, true] }, 'c', 'must be one of a, 1, null, true'],
    [{ const: 'hello' }, 'c', 'must be hello'],
    [{ const: 2 }, '2', 'must be 2'],
    [{ type: 'integer' }, 1.5, 'must be a whole number'],
    [{ type: ['string', 'null'] }, 1, 'must be a text or null'],
    [{ required: ['a'] }, {}, 'needs a'],
    [{ dependentRequired: { a: ['b'] } }, { a: 1 }, 'needs b because it has a'],
    [{ minimum: 1 }, 0, 'must be at least 1'],
    [{ maximum: 1 }, 2, 'must be at most 1'],
    [{ exclusiveMinimum: 0 }, 0, 'must be above 0'],
    [{ exclusiveMaximum: 0 }, 0, 'must be below 0'],
    [{ multipleOf: 5 }, 7, 'must be a multiple of 5'],
    [{ pattern: '^[a-z]+$' }, 'A', 'must match the pattern ^[a-z]+$'],
    [{ pattern: '^[0-9]{4,8}$' }, 'A', 'must have 4 to 8 digits'],
    [{ minLength: 2 }, 'a', 'must have at least 2 characters'],
    [{ maxLength: 2 }, 'abc', 'must have at most 2 characters'],
    [{ minItems: 1 }, [], 'must have at least 1 item'],
    [{ maxItems: 1 }, [1, 2], 'must have at most 1 item'],
    [{ uniqueItems: true }, [1, 1], 'must not have the same item twice'],
    [{ minProperties: 1 }, {}, 'must have at least 1 entry'],
    [{ maxProperties: 0 }, { a: 1 }, 'must have at most 0 entries'],
    [{ not: {} }, 1, 'is not allowed'],
  ];
  for (const [schema, value, sentence] of cases)
    assert.deepEqual(sentences(schema, value), [sentence], JSON.stringify(schema));
});

test('the sentence for a name that is not allowed has the name and the rule', () => {
  assert.deepEqual(sentences({ propertyNames: { pattern: '^[a-z]+$' } }, { 'a b': 1 }), [
    'must match the pattern ^[a-z]+$',
    'a b is not a valid name',
  ]);
});

test('a value that fits none of several forms gets one sentence per form and a last one for all of them', () => {
  const forms = [{ type: 'string' }, { type: 'number' }];
  assert.deepEqual(sentences({ oneOf: forms }, true), [
    'must be a text',
    'must be a number',
    'must have exactly one of these forms',
  ]);
  assert.deepEqual(sentences({ anyOf: forms }, true), [
    'must be a text',
    'must be a number',
    'must have one of these forms',
  ]);
});

test('a pattern that has no words is explained by the description of its schema', () => {
  const validate = new Ajv2020({ verbose: true }).compile({
    pattern: '^[a-z]+-[0-9]+$',
    description: 'Letters, a hyphen and digits.',
  });
  assert.equal(validate('A'), false);
  assert.deepEqual((validate.errors ?? []).map(sentenceOf), [
    'does not have the allowed form: Letters, a hyphen and digits',
  ]);
});

test('the sentence never contains the refused value, because it may be a secret', () => {
  const secret = 'tgd_x';
  for (const schema of [{ enum: ['a'] }, { const: 'a' }, { pattern: '^a$' }, { maxLength: 1 }, { type: 'integer' }])
    for (const sentence of sentences(schema, secret)) assert.doesNotMatch(sentence, /tgd_x/);
});

test('without a message of ajv the sentence names the keyword', () => {
  assert.equal(sentenceOf({ keyword: 'contains', params: {} }), 'breaks the rule contains');
});
