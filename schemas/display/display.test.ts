import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bytesText,
  countOf,
  countText,
  createScales,
  decimalsOf,
  numberIn,
  numberText,
  quantityText,
  scaleOf,
} from './numbers.js';
import { ageText, spanText, stepText } from './times.js';
import { unitOf, unitText } from './units.js';
import { readingText, shortText } from './values.js';

test('a number is rounded to about four digits, and zeros at the end are left out', () => {
  const written: [number, string][] = [
    [21.999573603041505, '22'],
    [21.99157, '21.99'],
    [55.9, '55.9'],
    [55.99, '55.99'],
    [66.73999786376953, '66.74'],
    [230.1234, '230.12'],
    [1013.2512, '1,013.3'],
    [123456.789, '123,457'],
    [2589285772, '2,589,285,772'],
    [0.034, '0.034'],
    [0.00012345, '0.0001235'],
    [-3.24159, '-3.242'],
    [0.1 + 0.2, '0.3'],
  ];
  for (const [value, text] of written) assert.equal(numberText(value), text);
});

test('numbers at the edges of a double have a readable text', () => {
  const written: [number, string][] = [
    [0, '0'],
    [-0, '0'],
    [Number.NaN, '–'],
    [Number.POSITIVE_INFINITY, '∞'],
    [Number.NEGATIVE_INFINITY, '-∞'],
    [1e300, '1e300'],
    [Number.MAX_VALUE, '1.798e308'],
    [Number.MAX_SAFE_INTEGER, '9.007e15'],
    [5e-324, '4.941e-324'],
    [-1.23456e-7, '-1.235e-7'],
    [999_999_999_999_999, '999,999,999,999,999'],
  ];
  for (const [value, text] of written) assert.equal(numberText(value), text);
  assert.equal(numberText(-0.001, 2), '0.00');
  assert.equal(numberText(-0.4, 0), '0');
});

test('numbers that stand together have the same number of decimals', () => {
  const column = [55.9, 55.99, 56, 9.123456];
  const decimals = decimalsOf(column);
  assert.deepEqual(
    column.map((value) => numberText(value, decimals)),
    ['55.90', '55.99', '56.00', '9.12'],
  );
  assert.equal(decimalsOf([1, 2, 3]), 0);
  assert.equal(decimalsOf([]), 0);
  assert.equal(decimalsOf([Number.NaN, Number.POSITIVE_INFINITY, 1e300]), 0);
});

test('large and small values of a unit with prefixes are scaled', () => {
  const written: [number, string | null, string][] = [
    [2589285772, 'J', '2.589 GJ'],
    [0.0034, 'A', '3.4 mA'],
    [0.0000034, 'A', '3.4 µA'],
    [9_999, 'W', '9,999 W'],
    [10_000, 'W', '10 kW'],
    [0.1, 'A', '0.1 A'],
    [0.001, 'V', '1 mV'],
    [101_325, 'Pa', '101.33 kPa'],
    [1e15, 'J', '1 PJ'],
    [1e21, 'J', '1,000 EJ'],
    [-45_000, 'W', '-45 kW'],
    [0, 'A', '0 A'],
    [0.0042, 'g', '4.2 mg'],
    [12_345, 'g', '12.35 kg'],
    [123_456_789, 'm', '123,457 km'],
    [1e-15, 'A', '0.001 pA'],
    [Number.NaN, 'A', '– A'],
  ];
  for (const [value, unit, text] of written) assert.equal(quantityText(value, unit), text);
});

test('temperatures, shares, counts and units with a prefix are never scaled', () => {
  const written: [number, string | null, string][] = [
    [21.999573603041505, 'Cel', '22 °C'],
    [12_345, 'Cel', '12,345 °C'],
    [0.05, 'Cel', '0.05 °C'],
    [48.25, '%RH', '48.25 % RH'],
    [0.05, '%EL', '0.05 %'],
    [1_250_000, 'count', '1,250,000'],
    [0.5, '/', '0.5'],
    [3, '1', '3'],
    [3, null, '3'],
    [123_456, 'kW', '123,456 kW'],
    [-85, 'dBm', '-85 dBm'],
    [3.5, 'widgets', '3.5 widgets'],
  ];
  for (const [value, unit, text] of written) assert.equal(quantityText(value, unit), text);
});

test('latitude and longitude keep six decimals', () => {
  assert.equal(quantityText(53.570832, 'lat'), '53.570832°');
  assert.equal(quantityText(-9.5, 'lon'), '-9.500000°');
});

test('the values of one metric share one scale', () => {
  const scale = scaleOf([980, 12_400, 25], 'W');
  assert.deepEqual(scale, { divisor: 1000, decimals: 2, unit: 'kW' });
  assert.deepEqual(
    [980, 12_400, 25].map((value) => numberIn(value, scale)),
    ['0.98', '12.40', '0.03'],
  );
  assert.equal(readingText(980, 'W', scale), '0.98 kW');
});

test('the decimals of values that arrive one by one do not jump', () => {
  const scaleFor = createScales();
  const write = (metric: string, value: number, unit: string | null): string =>
    readingText(value, unit, scaleFor(metric, value, unit));
  const lines = [21.99, 22, 21.5, 9.123].map((value) => write('temperature', value, 'Cel'));
  assert.deepEqual(lines, ['21.99 °C', '22.00 °C', '21.50 °C', '9.12 °C']);
  assert.deepEqual(
    [1013.25, 998.25, 0.0123].map((value) => write('pressure', value, 'hPa')),
    ['1,013.3 hPa', '998.3 hPa', '0.012 hPa'],
  );
  assert.deepEqual(
    [3, 4].map((value) => write('starts', value, null)),
    ['3', '4'],
  );
  assert.equal(write('power', 12_345, 'W'), '12.35 kW');
  assert.equal(write('position', 53.5, 'lat'), '53.500000°');
  assert.equal(write('disk', 1536, 'B'), '1.5 KiB');
  assert.equal(write('temperature', Number.NaN, 'Cel'), '– °C');
  for (let metric = 0; metric < 10_001; metric++) scaleFor(`m${metric}`, 1, null);
  assert.equal(write('temperature', 22, 'Cel'), '22 °C', 'the memory is bounded');
});

test('bytes are scaled by 1,024, with three digits', () => {
  const written: [number, string][] = [
    [0, '0 B'],
    [1, '1 B'],
    [1023, '1,023 B'],
    [1024, '1.0 KiB'],
    [1_572_864, '1.5 MiB'],
    [104_857_600, '100 MiB'],
    [73_191_276_544, '68.2 GiB'],
    [2 ** 60, '1,024 PiB'],
  ];
  for (const [bytes, text] of written) assert.equal(bytesText(bytes), text);
});

test('counts have separators, and a noun in the right number', () => {
  assert.equal(countText(6080), '6,080');
  assert.equal(countText(12_345_678_901_234_567_890n), '12,345,678,901,234,567,890');
  assert.equal(countOf(1, 'device'), '1 device');
  assert.equal(countOf(0, 'device'), '0 devices');
  assert.equal(countOf(1200, 'reply', 'replies'), '1,200 replies');
});

/** The registry as RFC 8428 §12.1 and RFC 8798 §2 and §3 list it. */
const registered = (
  'm kg g s A K cd mol Hz rad sr N Pa J W C V F Ohm S Wb T H Cel lm lx Bq Gy Sv kat m2 m3 l m/s m/s2 m3/s l/s W/m2 cd/m2 bit bit/s ' +
  'lat lon pH dB dBW Bspl count / % %RH %EL EL 1/s 1/min beat/min beats S/m B VA VAs var vars J/m kg/m3 deg ' +
  'ms min h MHz kW kVA kvar Ah Wh kWh varh kvarh kVAh Wh/km KiB GB Mbit/s B/s MB/s mV mA dBm ug/m3 mm/h m/h ppm /100 /1000 hPa mm cm km km/h'
).split(' ');

test('every registered unit is written without the signs that only its code has', () => {
  for (const code of registered) {
    const text = unitText(code);
    assert.doesNotMatch(text, /[23]$|^ug|Cel|Ohm|EL|^1\/|^\/\d/, code);
    if (!['count', '/'].includes(code)) assert.notEqual(text, '', code);
  }
  assert.deepEqual(['Cel', '%RH', '%EL', 'W/m2', 'm3', 'Ohm', 'ug/m3', 'beat/min', '/1000', 'kWh'].map(unitText), [
    '°C',
    '% RH',
    '%',
    'W/m²',
    'm³',
    'Ω',
    'µg/m³',
    'beats/min',
    '‰',
    'kWh',
  ]);
  assert.equal(unitText(null), '');
  assert.equal(unitText('toString'), 'toString');
});

test('a written number is within its last digit of the value, whatever the value and unit', () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e14, max: 1e14 }),
      fc.constantFrom(...registered, null),
      (value, unit) => {
        const scale = scaleOf([value], unit);
        const read = Number(numberIn(value, scale).replaceAll(',', '')) * scale.divisor;
        const digits =
          unitOf(unit).decimals === undefined && unit !== 'B' ? Math.abs(value) * 0.0006 : scale.divisor * 0.06;
        assert.ok(
          Math.abs(read - value) <= Math.max(digits, scale.divisor * 6e-10, unit === 'B' ? 0.5 : 0),
          `${value} ${unit}: ${read}`,
        );
      },
    ),
    { seed: 5 },
  );
});

test('booleans are yes and no, and texts stay as they are', () => {
  assert.equal(readingText(true, null), 'yes');
  assert.equal(readingText(false, 'Cel'), 'no');
  assert.equal(readingText('open', 'Cel'), 'open');
  assert.equal(readingText(21.5, 'Cel'), '21.5 °C');
});

test('a long text ends in an ellipsis, and no character is cut in half', () => {
  assert.equal(shortText('open', 10), 'open');
  assert.equal(shortText('the valve is open', 10), 'the valve…');
  assert.equal(shortText('🌡🌡🌡🌡', 4), '🌡🌡🌡🌡');
  assert.equal(shortText('🌡🌡🌡🌡', 3), '🌡🌡…');
  assert.equal(shortText('', 3), '');
});

test('spans and ages have one unit, rounded down', () => {
  const written: [number, string][] = [
    [-5, '0 s'],
    [0, '0 s'],
    [0.4, '1 ms'],
    [250, '250 ms'],
    [1_999, '1 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_599_999, '59 min'],
    [86_399_999, '23 h'],
    [86_400_000, '1 d'],
    [86_400_000 * 1_500, '1,500 d'],
  ];
  for (const [ms, text] of written) assert.equal(spanText(ms), text);
  assert.deepEqual([ageText(0, 500), ageText(9_000, 0), ageText(0, 300_000)], ['now', 'now', '5 min ago']);
  assert.deepEqual([0.25, 12.4, 999, 1_500, 90_000].map(stepText), [
    '+0.3 ms',
    '+12 ms',
    '+999 ms',
    '+1.5 s',
    '+1 min',
  ]);
});
