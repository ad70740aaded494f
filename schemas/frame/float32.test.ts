import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortestFloat32 } from './float32.js';

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/** The fewest significant digits that give this f32 back, found by trying each number of digits and both neighbours. */
function digitsNeeded(x: number): number {
  for (let digits = 1; ; digits++) {
    const [mantissa, exponent] = x.toExponential(digits - 1).split('e');
    const unit = 10 ** -(digits - 1);
    for (const step of [0, 1, -1]) {
      const tried = Number(`${(Number(mantissa) + step * unit).toFixed(digits - 1)}e${exponent}`);
      if (Math.fround(tried) === x) return digits;
    }
  }
}

const digitsOf = (x: number): number => x.toExponential().split('e')[0].replace(/[-.]/g, '').length;

test('an f32 becomes the shortest decimal that is the same f32', () => {
  const known: [sent: number, shortest: number][] = [
    [21.1, 21.1],
    [0.1, 0.1],
    [-55.95, -55.95],
    [16_777_216, 16_777_216],
    [2_589_285_632, 2_589_285_600],
    [1e20, 1e20],
    [3.4028235e38, 3.4028235e38],
    [1.4e-45, 1e-45],
    [2 ** -10, 9.765625e-4],
    [0, 0],
    [-0, -0],
    [Number.NaN, Number.NaN],
  ];
  for (const [sent, shortest] of known) assert.equal(shortestFloat32(Math.fround(sent)), shortest, String(sent));
});

test('of any f32 the decimal is the same f32 and has no digit too many', () => {
  let state = 1;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
  const tried: number[] = [];
  for (let i = 0; i < 20_000; i++) {
    bits[0] = next();
    tried.push(
      float[0],
      Math.fround((next() % 100_000) / 10 ** (next() % 6)),
      Math.fround(2 ** ((next() % 250) - 125)),
    );
  }
  for (const x of tried) {
    if (!Number.isFinite(x)) continue;
    const shortest = shortestFloat32(x);
    assert.ok(Object.is(Math.fround(shortest), x), `${x} became ${shortest}`);
    if (x !== 0) assert.ok(digitsOf(shortest) <= digitsNeeded(x), `${x} became ${shortest}`);
  }
});
