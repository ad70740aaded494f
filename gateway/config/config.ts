/**
 * config/ reads the configuration and the models, checks them, and reloads them. What a setting does belongs to the part that
 * uses it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { createAjv, late } from '../../schemas/ajv.js';
import { fileReason } from '../../schemas/errors.js';
import type {
  AdmissionConfig,
  BackupConfig,
  ClockConfig,
  CommandsConfig,
  ConsoleConfig,
  DeviceLimits,
  DeviceListenerConfig,
  GatewayConfig,
  LimitsConfig,
  LogConfig,
  MqttConfig,
  OperatorListenerConfig,
  ShutdownConfig,
  StoreConfig,
} from '../../schemas/generated/config.js';
import { loadSchema, packageRoot } from '../../schemas/load.js';
import { createProxies } from '../net/proxies.js';
import { backupFaults, folderFaults } from './backupFaults.js';
import { explain, type Schema } from './explain.js';
import { mapTilesFaults } from './mapTiles.js';
import { byDefault, type Origin, type Origins, originText } from './origins.js';

type Filled<Section, Optional extends keyof Section = never> = Required<Omit<Section, Optional>> &
  Pick<Section, Optional>;

/** The configuration with every default in place. Frozen. */
export interface ResolvedConfig {
  /** Undefined: the data folder says it. */
  readonly gatewayId: string | undefined;
  readonly transport: NonNullable<GatewayConfig['transport']>;
  readonly data: string;
  readonly models: string;
  readonly device: Filled<DeviceListenerConfig, 'tls' | 'publicUrl'>;
  readonly operator: Filled<OperatorListenerConfig, 'tls'>;
  readonly log: Required<LogConfig>;
  readonly store: Filled<StoreConfig, 'archive'>;
  readonly limits: Required<LimitsConfig> & { readonly device: Required<DeviceLimits> };
  readonly shutdown: Required<ShutdownConfig>;
  readonly commands: Required<CommandsConfig>;
  readonly console: ConsoleConfig;
  readonly backup: Filled<BackupConfig, 'schedule' | 'folder'>;
  readonly mqtt: Filled<
    MqttConfig,
    'url' | 'clientId' | 'username' | 'password' | 'passwordFile' | 'tls' | 'expirySeconds'
  >;
  readonly clock: Filled<ClockConfig, 'synchronizedFile'>;
  readonly admission: Filled<AdmissionConfig, 'clientSubjectHeader'>;
  readonly trustedProxies: readonly string[];
}

export interface ConfigSources {
  /** Path of a YAML file. */
  file?: string;
  /** Variables such as `TIDEGATE_DEVICE__PORT=8080`. Those without the prefix are ignored. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Settings of the form `key.path=value`. */
  set: readonly string[];
}

/** All faults of a configuration at once, each with key, value, origin and fix. */
export class ConfigError extends Error {
  readonly exitCode = 78;
  constructor(readonly faults: readonly string[]) {
    super(
      `The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    );
  }
}

/** The schema of the configuration. */
export const schema = loadSchema('config/gateway') as Schema;
const validation = late(() =>
  createAjv({ allErrors: true, useDefaults: true, allowUnionTypes: true, verbose: true }).compile(schema as object),
);

/** Variables with the prefix that belong to the command line, the examples, the tests or an image, and are not configuration. */
const otherVariables = new Set(
  ['URL', 'KEY', 'VERSION', 'DEVICE', 'SECRET', 'STREAM', 'ENCODING', 'STATE', 'ROUNDS', 'SEED'].map(
    (name) => `TIDEGATE_${name}`,
  ),
);

/**
 * What Kubernetes sets in every container for a Service whose name begins with "tidegate" (its documentation, "Discovering services"),
 * and Docker for a link. A misspelt setting does not look like this: the value of a …_PORT is a URL.
 */
const serviceVariable =
  /^TIDEGATE_(.*[^_]_)?(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;
const servicePort = /^TIDEGATE_(.*[^_]_)?PORT$/;
const linkVariable = /^TIDEGATE_(.+_)?(NAME$|ENV_)/;

function isOthers(name: string, value: string): boolean {
  if (otherVariables.has(name) || serviceVariable.test(name)) return true;
  if (servicePort.test(name)) return /^(tcp|udp|sctp):\/\//.test(value);
  return linkVariable.test(name) && (value.startsWith('/') || name.includes('ENV_'));
}

/** Loads the configuration. --set overrides the environment, that the file, and that the defaults. Throws ConfigError. */
export function loadConfig({ file, environment, set }: ConfigSources): ResolvedConfig {
  const faults: string[] = [];
  const origins = new Map<string, Origin>();
  const tree = file === undefined ? {} : readYaml(file, faults);
  if (file !== undefined) for (const key of keysOf(tree)) origins.set(key, { source: 'file', from: file });
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith('TIDEGATE_') || text === undefined || isOthers(name, text)) continue;
    const origin: Origin = { source: 'environment', from: name };
    place(tree, matchCase(name.slice('TIDEGATE_'.length).split('__')), text, origin, origins, faults);
  }
  for (const setting of set) {
    const at = setting.indexOf('=');
    if (at <= 0) faults.push(`--set ${setting}: write key.path=value`);
    else
      place(
        tree,
        setting.slice(0, at).split('.'),
        setting.slice(at + 1),
        { source: 'set', from: null },
        origins,
        faults,
      );
  }
  const validate = validation();
  if (!validate(tree)) faults.push(...new Set((validate.errors ?? []).map((error) => explain(error, schema, origins))));
  const config = tree as GatewayConfig;
  if (config.mqtt?.password !== undefined && config.mqtt.passwordFile !== undefined)
    faults.push('mqtt.password and mqtt.passwordFile: give one of them');
  faults.push(...portFaults(config));
  if (faults.length === 0) {
    const data = config.data ?? 'data';
    faults.push(
      ...folderFaults('store.archive', config.store?.archive, data),
      ...backupFaults(config.backup ?? {}, data),
    );
  }
  if (faults.length === 0 && config.console?.mapTiles !== undefined)
    faults.push(...mapTilesFaults(config.console.mapTiles));
  if (Array.isArray(config.operator?.allowedOrigins)) faults.push(...originFaults(config.operator.allowedOrigins));
  if (Array.isArray(config.trustedProxies)) faults.push(...proxyFaults(config.trustedProxies));
  if (faults.length > 0) throw new ConfigError(faults);
  const resolved = {
    ...config,
    models: config.models ?? join(packageRoot, 'config', 'models'),
  };
  const loaded = freeze(resolved) as ResolvedConfig;
  originsOf.set(loaded, origins);
  return loaded;
}

/** Where the settings of each configuration come from, by key. */
const originsOf = new WeakMap<ResolvedConfig, Origins>();

/** Where a setting of a configuration that loadConfig returned comes from. */
export const originOf = (config: ResolvedConfig, key: string): Origin => originsOf.get(config)?.get(key) ?? byDefault;

/** The keys of a tree with their sections, and the sections themselves. */
function keysOf(tree: object, path: readonly string[] = []): string[] {
  return Object.entries(tree).flatMap(([name, value]) => {
    const key = [...path, name];
    const below = typeof value === 'object' && value !== null && !Array.isArray(value) ? keysOf(value, key) : [];
    return [key.join('.'), ...below];
  });
}

/** The two ports must differ, unless the system chooses them or each has an address of its own. */
function portFaults({ device, operator }: GatewayConfig): string[] {
  if (device?.port === undefined || device.port === 0 || device.port !== operator?.port) return [];
  const hosts = [device.host, operator.host];
  if (hosts[0] !== hosts[1] && !hosts.some((host) => host === '::' || host === '0.0.0.0')) return [];
  return [`operator.port: ${operator.port} is device.port, too. Give the two ports different numbers`];
}

/** `new URL` gives the origin of each that passes. */
function originFaults(allowed: readonly string[]): string[] {
  return allowed
    .filter((text) => !/^https?:\/\/[^/?#@]+\/?$/i.test(text) || !URL.canParse(text))
    .map(
      (text) =>
        `operator.allowedOrigins: ${JSON.stringify(text)} is not an origin. Write scheme and host, for example https://console.example.com`,
    );
}

function proxyFaults(trusted: readonly string[]): string[] {
  return trusted.flatMap((range) => {
    try {
      createProxies([String(range)]);
      return [];
    } catch (error) {
      return [`trustedProxies: ${(error as Error).message}`];
    }
  });
}

function readYaml(file: string, faults: string[]): object {
  try {
    const tree: unknown = parse(readFileSync(file, 'utf8')) ?? {};
    if (typeof tree === 'object' && !Array.isArray(tree)) return tree as object;
    faults.push(`${file}: is not a map of keys`);
  } catch (error) {
    faults.push(`${file}: ${fileReason(error)}`);
  }
  return {};
}

/** Finds the key of an environment variable, whose name has lost its case. Underscores between words are optional. */
function matchCase(path: string[]): string[] {
  let at: Schema | undefined = schema;
  return path.map((part) => {
    const plain = (text: string): string => text.replaceAll('_', '').toLowerCase();
    const name = Object.keys(at?.properties ?? {}).find((key) => plain(key) === plain(part)) ?? part.toLowerCase();
    at = at?.properties?.[name];
    return name;
  });
}

function place(
  tree: object,
  path: string[],
  text: string,
  origin: Origin,
  origins: Map<string, Origin>,
  faults: string[],
): void {
  let at = tree as Record<string, unknown>;
  let shape: Schema | undefined = schema;
  for (const part of path.slice(0, -1)) {
    shape = shape?.properties?.[part];
    at[part] ??= {};
    if (typeof at[part] !== 'object') {
      faults.push(`${path.join('.')} (${originText(origin)}): ${part} is not a section`);
      return;
    }
    at = at[part] as Record<string, unknown>;
  }
  const key = path[path.length - 1];
  at[key] = coerce(text, shape?.properties?.[key]?.type);
  origins.set(path.join('.'), origin);
}

/** Gives a string from the command line the type of the schema. A string that does not fit is unchanged, so that the schema refuses it. */
function coerce(text: string, type: string | undefined): unknown {
  if ((type === 'integer' || type === 'number') && text.trim() !== '' && Number.isFinite(Number(text)))
    return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  if (type === 'array') return text === '' ? [] : text.split(',').map((part) => part.trim());
  return text;
}

function freeze<Tree>(tree: Tree): Tree {
  if (typeof tree === 'object' && tree !== null && !Object.isFrozen(tree)) {
    Object.freeze(tree);
    for (const part of Object.values(tree)) freeze(part);
  }
  return tree;
}

/** The configuration without secret values, for printing. */
export function withoutSecrets(config: ResolvedConfig): ResolvedConfig {
  const { password } = config.mqtt;
  return password === undefined ? config : { ...config, mqtt: { ...config.mqtt, password: '***' } };
}
