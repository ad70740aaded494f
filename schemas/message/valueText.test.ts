import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { valueText } from './valueText.js';

test('a value of a 32-bit float is shown without additional decimals', () => {
  const values = [Math.fround(66.74), Math.fround(0.1), 0.1, 21.5, 2_547_396_096, -0.25, 'open', true];
  assert.deepEqual(values.map(valueText), ['66.74', '0.1', '0.1', '21.5', '2547396096', '-0.25', 'open', 'true']);
});

test('the shown text is read as the same 32-bit float', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true }), (value) => {
      assert.equal(Math.fround(Number(valueText(value))) + 0, value + 0);
    }),
    { seed: 4 },
  );
});
