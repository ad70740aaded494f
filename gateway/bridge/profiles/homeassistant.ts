import type { ModelCommand } from '../../../schemas/generated/config.js';
import { valueText } from '../../../schemas/message/valueText.js';
import { limits } from '../../../schemas/tables/limits.js';
import type { Model } from '../../domain/model.js';
import { type SeriesKind, seriesKinds } from '../../domain/series.js';
import type { BridgeSettings, DeviceFacts } from '../calls.js';
import type { Message } from '../messages/message.js';
import type { Names } from '../messages/names.js';
import type { Frame } from '../messages/telemetry.js';
import { sanitised, type Topics } from '../messages/topics.js';
import type { Profile } from './profile.js';
import { homeUnit } from './units.js';

/** A metric in the form of Home Assistant. */
interface Metric {
  name: string;
  unit: string | null;
  kind: SeriesKind | null;
}

type Component = Record<string, unknown> & { p: string; unique_id: string };

/**
 * Home Assistant's MQTT discovery for whole devices (https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery). Each device
 * has one retained message, with a sensor per metric, and with buttons and numbers for the commands of its model that fit. The latest
 * value of each metric is retained on its own topic.
 */
export function homeAssistant(settings: BridgeSettings, topics: Topics, names: Names): Profile {
  const { gatewayId, discoveryPrefix, version } = settings;
  const models = new Map(settings.models.map((model) => [model.name, model]));
  /** Metrics that devices have sent, and whether they were announced. */
  const sent = new Map<string, Map<string, Metric>>();
  const news = new Set<string>();
  /** The newest published time, by series. */
  const newest = new Map<number, number>();
  const birthTopic = `${discoveryPrefix}/status`;
  const nodeOf = (device: string): string => `tidegate_${gatewayId}_${device}`;
  const configTopic = (device: string): string => `${discoveryPrefix}/device/${nodeOf(device)}/config`;

  function learn(device: string, { name, unit, kind }: Metric): void {
    const known = sent.get(device);
    if (known?.has(name)) return;
    if (known === undefined) sent.set(device, new Map([[name, { name, unit, kind }]]));
    else known.set(name, { name, unit, kind });
    news.add(device);
  }

  /**
   * The newest value of each metric of the frame, unless a newer one was published before. What lies further ahead of the clock than
   * the rules allow is not the newest, and gives way if a wrong clock let it in.
   */
  function frame({ row, device, start, end }: Frame): Message[] {
    const timeMax = row.committedAt + limits.timeAheadMaxMs;
    const last = new Map<number, number>();
    for (let at = start; at < end; at++) {
      const id = row.readings.series[at];
      if (row.readings.ts[at] > timeMax) continue;
      const before = last.get(id);
      if (before === undefined || row.readings.ts[at] >= row.readings.ts[before]) last.set(id, at);
    }
    const messages: Message[] = [];
    for (const [id, at] of last) {
      const series = names.series(id);
      const ts = row.readings.ts[at];
      const before = newest.get(id) ?? 0;
      if (series === null || (ts < before && before <= timeMax)) continue;
      newest.set(id, ts);
      learn(device, { name: series.metric, unit: series.unit, kind: series.kind });
      const topic = topics.value(device, series.metric);
      messages.push({
        topic,
        body: stateOf(series.kind, row.readings.value[at], row.readings.strings),
        newestAt: null,
        retain: true,
      });
    }
    return messages;
  }

  /** The metrics of the model come first, then further ones that the device sent. */
  function metricsOf(device: DeviceFacts, model: Model | undefined): Metric[] {
    const metrics = new Map<string, Metric>();
    for (const { name, unit = null, kind } of model?.metrics ?? [])
      metrics.set(name, { name, unit, kind: kind === undefined ? null : seriesKinds[kind] });
    for (const metric of sent.get(device.id)?.values() ?? [])
      metrics.set(metric.name, { ...metrics.get(metric.name), ...metric });
    return [...metrics.values()];
  }

  function announce(device: DeviceFacts): Message[] {
    news.delete(device.id);
    const model = device.model === null ? undefined : models.get(device.model);
    const node = nodeOf(device.id);
    const components: Record<string, Component> = {};
    for (const metric of metricsOf(device, model)) {
      const id = sanitised(metric.name);
      components[id] = sensorOf(metric, `${node}_${id}`, topics.value(device.id, metric.name));
    }
    for (const command of model?.commands ?? []) {
      const component = controlOf(command, `${node}_command_${sanitised(command.name)}`, topics.command(device.id));
      if (component !== null) components[`command_${sanitised(command.name)}`] = component;
    }
    const body = {
      dev: {
        ids: [node],
        name: device.name ?? device.id,
        mf: 'Tidegate',
        ...(device.model === null ? {} : { mdl: model?.description ?? device.model }),
      },
      o: { name: 'tidegate', sw: version },
      cmps: components,
      availability: [
        { topic: topics.status },
        { topic: topics.presence(device.id), value_template: "{{ 'online' if value_json.online else 'offline' }}" },
      ],
      availability_mode: 'all',
      qos: 1,
    };
    return [{ topic: configTopic(device.id), body: JSON.stringify(body), newestAt: null, retain: true }];
  }

  return {
    filters: [birthTopic],
    frame,
    announce,
    hasNews: (device) => news.delete(device),
    withdraw(device) {
      const values = [...(sent.get(device)?.keys() ?? [])].map((metric) => topics.value(device, metric));
      sent.delete(device);
      news.delete(device);
      return [configTopic(device), ...values].map((topic) => ({ topic, body: '', newestAt: null, retain: true }));
    },
    heard: (topic, payload) => topic === birthTopic && payload === 'online',
  };
}

function stateOf(kind: SeriesKind, value: number, strings: readonly string[]): string {
  if (kind === seriesKinds.string) return strings[value].slice(0, 255);
  if (kind === seriesKinds.boolean) return value === 1 ? 'ON' : 'OFF';
  return valueText(value);
}

function sensorOf({ name, unit, kind }: Metric, id: string, topic: string): Component {
  const basics = { unique_id: id, name, state_topic: topic };
  if (kind === seriesKinds.boolean) return { p: 'binary_sensor', ...basics };
  if (kind === seriesKinds.string) return { p: 'sensor', ...basics };
  const home = homeUnit(unit);
  return {
    p: 'sensor',
    ...basics,
    state_class: home?.total === true ? 'total_increasing' : 'measurement',
    ...(home === null || home.unit === '' ? {} : { unit_of_measurement: home.unit }),
    ...(home === null || home.deviceClass === null ? {} : { device_class: home.deviceClass }),
  };
}

interface ParameterSchema {
  type?: unknown;
  minimum?: number;
  maximum?: number;
  multipleOf?: number;
  secret?: boolean;
}

/** A command without required parameters is a button, and one with a single number between limits is a number. */
function controlOf({ name, description, params = {} }: ModelCommand, id: string, topic: string): Component | null {
  const { properties = {}, required = [] } = params as {
    properties?: Record<string, ParameterSchema>;
    required?: string[];
  };
  const basics = { unique_id: id, name: description ?? name, command_topic: topic };
  if (required.length === 0) return { p: 'button', ...basics, payload_press: JSON.stringify({ name }) };
  const [only] = required;
  const schema = Object.hasOwn(properties, only) ? properties[only] : {};
  const isNumber = schema.type === 'number' || schema.type === 'integer';
  if (required.length > 1 || !isNumber || schema.secret === true) return null;
  if (schema.minimum === undefined || schema.maximum === undefined) return null;
  const step = schema.multipleOf ?? (schema.type === 'integer' ? 1 : 0.1);
  const value = schema.type === 'integer' ? '{{ value | int }}' : '{{ value }}';
  return {
    p: 'number',
    ...basics,
    min: schema.minimum,
    max: schema.maximum,
    step: Math.max(0.001, step),
    command_template: `{"name":${JSON.stringify(name)},"params":{${JSON.stringify(only)}:${value}}}`,
  };
}
