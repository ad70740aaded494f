/** How a unit is written for people. */
export interface Unit {
  /** What follows the number, such as °C; the empty text for a plain number. */
  text: string;
  /** The prefixes for large values, each 1,000 times the one before. Absent: large values are not scaled. */
  up?: string;
  /** The prefixes for small values, each a thousandth of the one before. Absent: small values are not scaled. */
  down?: string;
  /** The fixed number of decimals. Absent: the value decides. */
  decimals?: number;
}

const [large, small] = ['kMGTPE', 'mµnp'];
const scaled = (text: string): Unit => ({ text, up: large, down: small });
const plain = (text: string): Unit => ({ text });

/**
 * The units of SenML: RFC 8428 §12.1, and the primary and secondary units of RFC 8798. A unit that is itself scaled already, such as kW,
 * keeps its prefix, because its users think in it. Logarithmic units, temperatures, angles and shares are never scaled.
 */
const units: Record<string, Unit> = {
  m: { text: 'm', up: 'k', down: small },
  kg: plain('kg'),
  g: { text: 'g', up: 'k', down: small },
  s: { text: 's', down: small },
  A: scaled('A'),
  K: plain('K'),
  cd: plain('cd'),
  mol: { text: 'mol', down: small },
  Hz: scaled('Hz'),
  rad: plain('rad'),
  sr: plain('sr'),
  N: scaled('N'),
  Pa: scaled('Pa'),
  J: scaled('J'),
  W: scaled('W'),
  C: scaled('C'),
  V: scaled('V'),
  F: scaled('F'),
  Ohm: scaled('Ω'),
  S: scaled('S'),
  Wb: scaled('Wb'),
  T: { text: 'T', down: small },
  H: scaled('H'),
  Cel: plain('°C'),
  lm: plain('lm'),
  lx: plain('lx'),
  Bq: scaled('Bq'),
  Gy: scaled('Gy'),
  Sv: scaled('Sv'),
  kat: scaled('kat'),
  m2: plain('m²'),
  m3: plain('m³'),
  l: { text: 'l', down: 'mµ' },
  'm/s': plain('m/s'),
  'm/s2': plain('m/s²'),
  'm3/s': plain('m³/s'),
  'l/s': plain('l/s'),
  'W/m2': plain('W/m²'),
  'cd/m2': plain('cd/m²'),
  bit: scaled('bit'),
  'bit/s': scaled('bit/s'),
  lat: { text: '°', decimals: 6 },
  lon: { text: '°', decimals: 6 },
  pH: plain('pH'),
  dB: plain('dB'),
  dBW: plain('dBW'),
  Bspl: plain('B SPL'),
  count: plain(''),
  '1': plain(''),
  '/': plain(''),
  '%': plain('%'),
  '%RH': plain('% RH'),
  '%EL': plain('%'),
  EL: plain('s'),
  '1/s': plain('/s'),
  '1/min': plain('/min'),
  'beat/min': plain('beats/min'),
  beats: plain('beats'),
  'S/m': { text: 'S/m', down: small },
  // RFC 8798 §2. B is written by bytesText.
  B: plain('B'),
  VA: scaled('VA'),
  VAs: scaled('VAs'),
  var: scaled('var'),
  vars: scaled('vars'),
  'J/m': scaled('J/m'),
  'kg/m3': plain('kg/m³'),
  deg: plain('°'),
  // RFC 8798 §3, the secondary units. Those that are written as they are registered are not listed.
  Ah: scaled('Ah'),
  Wh: scaled('Wh'),
  varh: scaled('varh'),
  'ug/m3': plain('µg/m³'),
  '/100': plain('%'),
  '/1000': plain('‰'),
};

/** The unit of a SenML code; an unknown code is written as it is, and null is a plain number. */
export const unitOf = (code: string | null): Unit =>
  code === null ? plain('') : Object.hasOwn(units, code) ? units[code] : plain(code);

/** A SenML unit as people write it, such as °C for Cel. The empty text for none. */
export const unitText = (code: string | null): string => unitOf(code).text;
