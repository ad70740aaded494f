/**
 * SenML units (RFC 8428) in the form of Home Assistant, with the device class if the unit alone implies it. Other units are
 * published unchanged and without a class.
 */
export interface HomeUnit {
  unit: string;
  deviceClass: string | null;
  /** The value only grows, as that of a meter. */
  total?: true;
}

const units: Record<string, HomeUnit> = {
  Cel: { unit: '°C', deviceClass: 'temperature' },
  K: { unit: 'K', deviceClass: 'temperature' },
  '%RH': { unit: '%', deviceClass: 'humidity' },
  '%EL': { unit: '%', deviceClass: 'battery' },
  '%': { unit: '%', deviceClass: null },
  V: { unit: 'V', deviceClass: 'voltage' },
  mV: { unit: 'mV', deviceClass: 'voltage' },
  A: { unit: 'A', deviceClass: 'current' },
  mA: { unit: 'mA', deviceClass: 'current' },
  W: { unit: 'W', deviceClass: 'power' },
  kW: { unit: 'kW', deviceClass: 'power' },
  VA: { unit: 'VA', deviceClass: 'apparent_power' },
  var: { unit: 'var', deviceClass: 'reactive_power' },
  J: { unit: 'J', deviceClass: 'energy', total: true },
  Wh: { unit: 'Wh', deviceClass: 'energy', total: true },
  kWh: { unit: 'kWh', deviceClass: 'energy', total: true },
  Pa: { unit: 'Pa', deviceClass: 'pressure' },
  hPa: { unit: 'hPa', deviceClass: 'pressure' },
  Hz: { unit: 'Hz', deviceClass: 'frequency' },
  lx: { unit: 'lx', deviceClass: 'illuminance' },
  'W/m2': { unit: 'W/m²', deviceClass: 'irradiance' },
  m: { unit: 'm', deviceClass: 'distance' },
  mm: { unit: 'mm', deviceClass: 'distance' },
  km: { unit: 'km', deviceClass: 'distance' },
  'm/s': { unit: 'm/s', deviceClass: 'speed' },
  'km/h': { unit: 'km/h', deviceClass: 'speed' },
  kg: { unit: 'kg', deviceClass: 'weight' },
  g: { unit: 'g', deviceClass: 'weight' },
  s: { unit: 's', deviceClass: 'duration' },
  min: { unit: 'min', deviceClass: 'duration' },
  h: { unit: 'h', deviceClass: 'duration' },
  l: { unit: 'L', deviceClass: null },
  m3: { unit: 'm³', deviceClass: null },
  'm3/s': { unit: 'm³/s', deviceClass: 'volume_flow_rate' },
  dB: { unit: 'dB', deviceClass: null },
  dBm: { unit: 'dBm', deviceClass: 'signal_strength' },
  dBW: { unit: 'dBW', deviceClass: null },
  ppm: { unit: 'ppm', deviceClass: null },
  lat: { unit: '°', deviceClass: null },
  lon: { unit: '°', deviceClass: null },
  rad: { unit: 'rad', deviceClass: null },
  pH: { unit: '', deviceClass: 'ph' },
  '/': { unit: '', deviceClass: null },
};

export function homeUnit(unit: string | null): HomeUnit | null {
  if (unit === null) return null;
  return Object.hasOwn(units, unit) ? units[unit] : { unit, deviceClass: null };
}
