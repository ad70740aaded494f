const powersOfTen = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9] as const;

/** The number of decimals that the last number had. Numbers of one metric mostly have the same. */
let lastDecimals = 0;

/** From here on a double cannot tell neighbouring integers apart, and below `smallest` more than nine decimals are needed. */
const [largest, smallest] = [2 ** 53, 1e-2];

/**
 * The shortest decimal that is the same f32, as a double: 21.1 for the f32 that is 21.100000381469727. `x` is an f32 or NaN.
 */
export function shortestFloat32(x: number): number {
  const size = Math.abs(x);
  if (!(size >= smallest && size < largest)) return x === 0 || Number.isNaN(x) ? x : byPrecision(x);
  let decimals = lastDecimals;
  let found = withDecimals(x, decimals);
  if (Math.fround(found) === x)
    for (; decimals > 0; decimals--) {
      const shorter = withDecimals(x, decimals - 1);
      if (Math.fround(shorter) !== x) break;
      found = shorter;
    }
  else
    do {
      if (++decimals === powersOfTen.length) return byPrecision(x);
      found = withDecimals(x, decimals);
    } while (Math.fround(found) !== x);
  lastDecimals = decimals;
  return decimals > 0 ? found : roundedInteger(found, x);
}

/**
 * The nearest decimal. Below a power of two the numbers are closer than above it, so that the nearest decimal may be another f32 while the
 * next one is not.
 */
function withDecimals(x: number, decimals: number): number {
  const power = powersOfTen[decimals];
  const integer = Math.round(x * power);
  const found = integer / power;
  return Math.fround(found) === x ? found : (integer + Math.sign(x)) / power;
}

/** Beyond 2^24 not every digit of an integer is needed: 2589285600 for the f32 that is 2589285632. */
function roundedInteger(integer: number, x: number): number {
  if (Math.abs(x) < 2 ** 24) return integer;
  let best = integer;
  for (let power = 10; power <= Math.abs(x); power *= 10) {
    const tens = Math.round(x / power);
    const rounded = Math.fround(tens * power) === x ? tens * power : (tens + Math.sign(x)) * power;
    if (Math.fround(rounded) !== x) break;
    best = rounded;
  }
  return best;
}

/** Nine digits are enough for any f32. */
function byPrecision(x: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const [mantissa, exponent] = x.toExponential(digits - 1).split('e');
    const next = Number(mantissa) + Math.sign(x) * 10 ** (1 - digits);
    for (const decimal of [mantissa, next.toFixed(digits - 1)]) {
      const found = Number(`${decimal}e${exponent}`);
      if (Math.fround(found) === x) return found;
    }
  }
  return Number(x.toPrecision(9));
}
