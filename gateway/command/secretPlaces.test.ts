import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileCommand } from './rules.js';
import { redacted } from './secretPlaces.js';

const secret = { type: 'string', secret: true };

/** What is shown of parameters with this schema. */
const shown = (schema: object, params: Record<string, unknown>): unknown =>
  redacted(params, compileCommand({ name: 'do', params: schema as Record<string, unknown> }).secretsIn(params));

test('a secret is blacked out wherever the schema marks it', () => {
  const cases: [what: string, schema: object, params: Record<string, unknown>, expected: object][] = [
    ['a property', { properties: { a: secret } }, { a: 'x', b: 'y' }, { a: '***', b: 'y' }],
    [
      'a property of a property',
      { properties: { a: { properties: { b: secret } } } },
      { a: { b: 'x' } },
      { a: { b: '***' } },
    ],
    ['all parameters', { secret: true }, { a: 'x', b: [1] }, { a: '***', b: '***' }],
    ['items', { properties: { a: { items: secret } } }, { a: ['x', 'y'] }, { a: ['***', '***'] }],
    [
      'a field of items',
      { properties: { a: { items: { properties: { k: secret } } } } },
      { a: [{ k: 'x', n: 1 }, {}] },
      { a: [{ k: '***', n: 1 }, {}] },
    ],
    [
      'prefixItems',
      { properties: { a: { prefixItems: [{}, secret] } } },
      { a: ['x', 'y', 'z'] },
      { a: ['x', '***', 'z'] },
    ],
    ['contains', { properties: { a: { contains: secret } } }, { a: ['x'] }, { a: ['***'] }],
    ['allOf', { allOf: [{ properties: { a: secret } }] }, { a: 'x' }, { a: '***' }],
    [
      'anyOf, also the branch that does not match',
      { anyOf: [{ properties: { a: { type: 'number', secret: true } } }, {}] },
      { a: 'x' },
      { a: '***' },
    ],
    ['oneOf', { properties: { a: { oneOf: [{ type: 'number' }, secret] } } }, { a: 'x' }, { a: '***' }],
    [
      'if, then, else',
      JSON.parse('{"if":{},"then":{"properties":{"a":{"secret":true}}},"else":{"properties":{"b":{"secret":true}}}}'),
      { a: 'x', b: 'y' },
      { a: '***', b: '***' },
    ],
    ['$ref', { $defs: { pin: secret }, properties: { a: { $ref: '#/$defs/pin' } } }, { a: 'x' }, { a: '***' }],
    [
      '$ref with an escaped name',
      { $defs: { 'a/b~c': secret }, properties: { a: { $ref: '#/$defs/a~1b~0c' } } },
      { a: 'x' },
      { a: '***' },
    ],
    [
      '$ref to itself',
      { properties: { pin: secret, next: { $ref: '#' } } },
      { pin: 'x', next: { pin: 'y' } },
      { pin: '***', next: { pin: '***' } },
    ],
    [
      'allOf that refers to itself',
      { $defs: { a: { allOf: [{ $ref: '#/$defs/a' }], secret: true } }, properties: { a: { $ref: '#/$defs/a' } } },
      { a: 'x' },
      { a: '***' },
    ],
    [
      'additionalProperties',
      { properties: { a: {} }, additionalProperties: secret },
      { a: 'x', b: 'y' },
      { a: 'x', b: '***' },
    ],
    [
      'patternProperties',
      { patternProperties: { '^pin': secret } },
      { pin1: 'x', other: 'y' },
      { pin1: '***', other: 'y' },
    ],
    [
      'dependentSchemas',
      { dependentSchemas: { a: { properties: { b: secret } } } },
      { a: 1, b: 'y' },
      { a: 1, b: '***' },
    ],
    ['a whole object', { properties: { a: { type: 'object', secret: true } } }, { a: { deep: 'x' } }, { a: '***' }],
    [
      'a property that is named secret',
      { properties: { secret: { type: 'boolean' } } },
      { secret: true },
      { secret: true },
    ],
    ['a name of Object', { properties: { toString: secret } }, { a: 'x' }, { a: 'x' }],
    [
      'data that looks like a mark',
      { properties: { a: { const: { secret: true } } } },
      { a: { secret: true } },
      { a: { secret: true } },
    ],
  ];
  for (const [what, schema, params, expected] of cases) {
    const before = structuredClone(params);
    assert.deepEqual(shown(schema, params), expected, what);
    assert.deepEqual(params, before, `${what}: the parameters themselves stay`);
  }
});

test('a schema with a secret that cannot be found in parameters is refused, and says where', () => {
  const cases: [schema: object, where: RegExp][] = [
    [{ unevaluatedProperties: secret }, /^\/unevaluatedProperties has secret/],
    [{ properties: { a: { unevaluatedItems: secret } } }, /^\/properties\/a\/unevaluatedItems has secret/],
    [{ propertyNames: secret }, /^\/propertyNames has secret/],
    [{ properties: { a: { contentSchema: { properties: { k: secret } } } } }, /contentSchema has secret/],
    [
      { $defs: { pin: { $anchor: 'pin', secret: true } }, properties: { a: { $ref: '#pin' } } },
      /\/properties\/a\/\$ref is #pin/,
    ],
    [{ whatever: { deep: [{ secret: true }] } }, /^\/whatever has secret/],
  ];
  for (const [schema, where] of cases)
    assert.throws(() => shown(schema, {}), { message: where }, JSON.stringify(schema));
  assert.deepEqual(shown({ unevaluatedProperties: false, properties: { a: {} } }, { a: 1 }), { a: 1 });
});
