import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packageRoot } from '../../../schemas/load.js';
import { loadModels } from '../../config/models.js';
import { type SeriesKind, seriesKinds } from '../../domain/series.js';
import type { LogRow } from '../../store/logDb/readRows.js';
import type { BridgeSettings, DeviceFacts } from '../calls.js';
import { createNames } from '../messages/names.js';
import type { Frame } from '../messages/telemetry.js';
import { createTopics } from '../messages/topics.js';
import { homeAssistant } from './homeassistant.js';
import { homeUnit } from './units.js';

/** What the documentation of Home Assistant's sensor integration allows for the device classes that we use. */
const documentedUnits: Record<string, string[]> = {
  temperature: ['°C', '°F', 'K'],
  humidity: ['%'],
  battery: ['%'],
  voltage: ['V', 'mV', 'µV', 'kV', 'MV'],
  current: ['A', 'mA'],
  power: ['mW', 'W', 'kW', 'MW', 'GW', 'TW'],
  apparent_power: ['mVA', 'VA'],
  reactive_power: ['var', 'kvar'],
  energy: ['J', 'kJ', 'MJ', 'GJ', 'mWh', 'Wh', 'kWh', 'MWh', 'GWh', 'TWh', 'cal', 'kcal', 'Mcal', 'Gcal'],
  pressure: ['Pa', 'kPa', 'hPa', 'bar', 'cbar', 'mbar', 'mmHg', 'inHg', 'psi'],
  frequency: ['Hz', 'kHz', 'MHz', 'GHz'],
  illuminance: ['lx'],
  irradiance: ['W/m²', 'BTU/(h⋅ft²)'],
  distance: ['km', 'm', 'cm', 'mm', 'mi', 'nmi', 'yd', 'in'],
  speed: ['ft/s', 'in/d', 'in/h', 'in/s', 'km/h', 'kn', 'm/s', 'mph', 'mm/d', 'mm/s'],
  weight: ['kg', 'g', 'mg', 'µg', 'oz', 'lb', 'st'],
  duration: ['d', 'h', 'min', 's', 'ms', 'µs'],
  volume_flow_rate: ['m³/h', 'm³/s', 'ft³/min', 'L/h', 'L/min', 'L/s', 'gal/min', 'mL/s'],
  signal_strength: ['dB', 'dBm'],
  ph: [''],
};

const models = [...loadModels(`${packageRoot}/config/models`).values()];

const topics = createTopics('tidegate', 'gw');

const settings = { gatewayId: 'gw', version: '1', discoveryPrefix: 'homeassistant', models } as BridgeSettings;

const metrics: [metric: string, unit: string | null, kind: SeriesKind][] = [
  ['temperature', 'Cel', seriesKinds.number],
  ['burner', null, seriesKinds.boolean],
  ['state', null, seriesKinds.string],
  ['room/temp', 'K', seriesKinds.number],
];

function profileUnderTest() {
  const names = createNames({
    series(id) {
      const [metric, unit, kind] = metrics[id];
      return { id, deviceKey: 1, device: 'b', deviceCreatedAt: 1, metric, unit, kind };
    },
    stream: () => null,
  });
  return homeAssistant(settings, topics, names);
}

function frameOf(
  readings: [series: number, ts: number, value: number][],
  strings: string[] = [],
  committedAt = 1_800_000_000_000,
): Frame {
  const columns = {
    readings: readings.length,
    series: Uint32Array.from(readings, ([id]) => id),
    ts: Float64Array.from(readings, ([, ts]) => ts),
    value: Float64Array.from(readings, ([, , value]) => value),
    strings,
  };
  const row = { readings: columns, committedAt } as LogRow;
  return { row, index: 0, device: 'b', stream: 'main', start: 0, end: readings.length };
}

const boiler: DeviceFacts = {
  id: 'b',
  name: null,
  model: 'boiler',
  online: true,
  since: 1,
  lastClose: null,
  backAt: null,
};

interface Config {
  dev: { ids: string[]; name: string };
  o: { name: string };
  cmps: Record<string, Record<string, unknown> & { p: string; unique_id: string }>;
  availability: { topic: string; value_template?: string }[];
  availability_mode: string;
}

test('a device is announced by one retained message of the documented form', () => {
  const [{ topic, body, retain }, ...more] = profileUnderTest().announce(boiler);
  assert.equal(more.length, 0);
  assert.match(topic, /^homeassistant\/device\/[A-Za-z0-9_-]+\/config$/);
  assert.equal(retain, true);
  const config = JSON.parse(body) as Config;
  assert.ok(config.dev.ids.length > 0 && config.o.name !== '', 'dev and o must be there');
  const components = Object.values(config.cmps);
  assert.equal(new Set(components.map(({ unique_id }) => unique_id)).size, components.length);
  for (const { p } of components) assert.ok(['sensor', 'binary_sensor', 'button', 'number'].includes(p), p);
  assert.deepEqual(
    config.availability.map((one) => one.topic),
    ['tidegate/gw/status', 'tidegate/gw/b/presence'],
  );
  assert.equal(config.availability_mode, 'all');
});

test('a device is announced by its name, and by its id if it has none', () => {
  const nameOf = (name: string | null): string =>
    (JSON.parse(profileUnderTest().announce({ ...boiler, name })[0].body) as Config).dev.name;
  assert.deepEqual([nameOf('North hall'), nameOf(null)], ['North hall', 'b']);
});

test('metrics of the model have their unit, class and kind', () => {
  const { cmps } = JSON.parse(profileUnderTest().announce(boiler)[0].body) as Config;
  const { unique_id: _, ...temperature } = cmps.temperature;
  assert.deepEqual(temperature, {
    p: 'sensor',
    name: 'temperature',
    state_topic: 'tidegate/gw/b/value/temperature',
    state_class: 'measurement',
    unit_of_measurement: '°C',
    device_class: 'temperature',
  });
  assert.equal(cmps.energy.state_class, 'total_increasing', 'the class energy allows no measurement');
  assert.equal(cmps.burner.p, 'binary_sensor');
  assert.equal(cmps.state.unit_of_measurement, undefined);
});

test('a unit has a device class only if the documentation allows that unit for it', () => {
  for (const code of [
    'Cel',
    'K',
    '%RH',
    '%EL',
    '%',
    'V',
    'A',
    'W',
    'VA',
    'var',
    'J',
    'kWh',
    'Pa',
    'Hz',
    'lx',
    'W/m2',
    'm',
    'm/s',
    'kg',
    's',
    'l',
    'm3',
    'm3/s',
    'dB',
    'dBm',
    'ppm',
    'pH',
    '/',
  ]) {
    const { unit, deviceClass } = homeUnit(code) ?? assert.fail(code);
    if (deviceClass !== null)
      assert.ok(documentedUnits[deviceClass]?.includes(unit), `${code}: ${deviceClass} in ${unit}`);
  }
  assert.deepEqual(homeUnit('furlong'), { unit: 'furlong', deviceClass: null });
  assert.equal(homeUnit('constructor')?.unit, 'constructor');
  assert.equal(homeUnit(null), null);
});

test('commands without parameters are buttons, and those with one bounded number are numbers; no others are shown', () => {
  const { cmps } = JSON.parse(profileUnderTest().announce(boiler)[0].body) as Config;
  assert.equal(cmps.command_reboot.p, 'button');
  assert.equal(cmps.command_reboot.command_topic, 'tidegate/gw/b/command');
  assert.deepEqual(JSON.parse(cmps.command_reboot.payload_press as string), { name: 'reboot' });
  const target = cmps.command_set__target;
  assert.deepEqual([target.p, target.min, target.max], ['number', 10, 90]);
  const sent = (target.command_template as string).replace('{{ value }}', '21.5');
  assert.deepEqual(JSON.parse(sent), { name: 'set_target', params: { celsius: 21.5 } });
  assert.equal(
    Object.keys(cmps).some((name) => name.includes('pin')),
    false,
  );
});

test('a frame publishes the newest value of each metric, and never a value older than the last one published', () => {
  const profile = profileUnderTest();
  const values = (frame: Frame): string[] =>
    profile.frame(frame).map(({ topic, body }) => `${topic.split('/').at(-1)} ${body}`);
  assert.deepEqual(
    values(
      frameOf(
        [
          [0, 5, 20],
          [1, 5, 1],
          [2, 5, 0],
          [0, 6, Math.fround(21.1)],
        ],
        ['heating'],
      ),
    ),
    ['temperature 21.1', 'burner ON', 'state heating'],
  );
  assert.deepEqual(
    values(
      frameOf([
        [0, 4, 1],
        [1, 7, 0],
      ]),
    ),
    ['burner OFF'],
  );
});

test('a metric outside of the model is announced at its first reading, under a clean topic', () => {
  const profile = profileUnderTest();
  profile.frame(frameOf([[3, 5, 290]]));
  assert.equal(profile.hasNews('b'), true);
  assert.equal(profile.hasNews('b'), false);
  const { cmps } = JSON.parse(profile.announce(boiler)[0].body) as Config;
  assert.equal(cmps.room_2f_temp.state_topic, 'tidegate/gw/b/value/room_2f_temp');
  assert.equal(cmps.room_2f_temp.unit_of_measurement, 'K');
  profile.frame(frameOf([[3, 6, 291]]));
  assert.equal(profile.hasNews('b'), false);
});

test('a removed device is withdrawn by empty retained messages, and a birth message makes the bridge announce all devices again', () => {
  const profile = profileUnderTest();
  profile.frame(frameOf([[3, 5, 290]]));
  const gone = profile.withdraw('b');
  assert.deepEqual(
    gone.map(({ topic, body, retain }) => [topic, body, retain]),
    [
      ['homeassistant/device/tidegate_gw_b/config', '', true],
      ['tidegate/gw/b/value/room_2f_temp', '', true],
    ],
  );
  assert.deepEqual(profile.filters, ['homeassistant/status']);
  assert.equal(profile.heard('homeassistant/status', 'online'), true);
  assert.equal(profile.heard('homeassistant/status', 'offline'), false);
  assert.equal(profile.heard('homeassistant/other', 'online'), false);
});

test('a value of the far future is not published, and one that a wrong clock let in gives way', () => {
  const profile = profileUnderTest();
  const now = 1_800_000_000_000;
  const day = 86_400_000;
  const published = (ts: number, value: number, committedAt: number): string[] =>
    profile.frame(frameOf([[0, ts, value]], [], committedAt)).map(({ body }) => String(body));
  assert.deepEqual(published(now + 10 * day, 1, now), []);
  assert.deepEqual(published(now, 2, now), ['2']);
  assert.deepEqual(published(now + 2 * day, 3, now + 2 * day), ['3'], 'the clock is two days ahead');
  assert.deepEqual(published(now + 10, 4, now + 10), ['4'], 'it is right again');
  assert.deepEqual(published(now + 5, 5, now + 20), [], 'an older value');
});
