import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { packageRoot } from '../../schemas/load.js';
import { ConfigError, loadConfig, originOf, withoutSecrets } from './config.js';
import { loadModels } from './models.js';
import { originText } from './origins.js';

function fileWith(context: TestContext, text: string, name = 'gateway.yaml'): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-config-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function faultsOf(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.exitCode, 78);
    return error.faults;
  }
  return assert.fail('no fault was found');
}

test('the defaults are those of the contract', () => {
  const config = loadConfig({ environment: {}, set: [] });
  assert.deepEqual(
    [config.device.host, config.device.port, config.operator.host, config.operator.port],
    ['::', 8080, '127.0.0.1', 8081],
  );
  assert.deepEqual(
    [
      config.log.level,
      config.store.commitIntervalMs,
      config.store.retentionDays,
      config.mqtt.prefix,
      config.mqtt.window,
    ],
    ['info', 10, 30, 'tidegate', 500],
  );
  assert.deepEqual(
    [config.store.sealReadings, config.store.sealIntervalSeconds, config.store.rollupRetentionDays],
    [4_000_000, 300, 730],
  );
  assert.equal(config.gatewayId, undefined);
});

test('--set overrides the environment, which overrides the file, which overrides the defaults', (context) => {
  const file = fileWith(
    context,
    'device:\n  port: 1\n  host: 127.0.0.1\nstore:\n  commitIntervalMs: 5\n  retentionDays: 7\n',
  );
  const config = loadConfig({
    file,
    environment: {
      TIDEGATE_DEVICE__PORT: '2',
      TIDEGATE_STORE__COMMIT_INTERVAL_MS: '6',
      HOME: '/root',
      TIDEGATE_KEY: 'tgk_x',
    },
    set: ['device.port=3'],
  });
  assert.deepEqual(
    [config.device.port, config.store.commitIntervalMs, config.device.host, config.store.retentionDays],
    [3, 6, '127.0.0.1', 7],
  );
});

test('all faults are reported at once, each with key, value, origin and fix', (context) => {
  const file = fileWith(context, 'device:\n  prot: 8080\nlog:\n  level: loud\n');
  const faults = faultsOf(() =>
    loadConfig({
      file,
      environment: { TIDEGATE_DEVICE__PORT: 'eighty' },
      set: ['store.retentionDays=0', 'nonsense', 'a.b=1'],
    }),
  );
  const expected = [
    /--set nonsense: write key.path=value/,
    /device\.prot .*no such key; did you mean port\?/,
    /log\.level .*"loud" must be one of trace/,
    /device\.port \(environment TIDEGATE_DEVICE__PORT\): "eighty" must be a whole number/,
    /store\.retentionDays \(--set\): 0 must be at least 1/,
    /^a\.b \(--set\): there is no such key; config\/gateway\.yaml lists every key$/,
  ];
  for (const pattern of expected)
    assert.ok(
      faults.some((fault) => pattern.test(fault)),
      `${pattern} in\n${faults.join('\n')}`,
    );
  assert.equal(faults.length, expected.length);
});

test('a key that does not exist is answered with the key that was probably meant, and with its own origin', (context) => {
  const file = fileWith(context, 'mqtt:\n  brokers:\n    one: 1\n');
  const cases: [string, RegExp][] = [
    ['foo.bar=1', /^foo\.bar \(--set\): there is no such key; config\/gateway\.yaml lists every key$/],
    ['port=9000', /^port \(--set\): there is no such key; did you mean device\.port or operator\.port\?$/],
    ['dvice.port=9000', /^dvice\.port \(--set\): there is no such key; did you mean device\?$/],
    ['device.prot=9000', /^device\.prot \(--set\): there is no such key; did you mean port\?$/],
    ['x=1', /^x \(--set\): there is no such key; config/],
    ['retentionDays=3', /^retentionDays \(--set\): there is no such key; did you mean store\.retentionDays\?$/],
  ];
  for (const [set, message] of cases) {
    const faults = faultsOf(() => loadConfig({ environment: {}, set: [set] }));
    assert.deepEqual([faults.length, message.test(faults[0])], [1, true], faults[0]);
  }
  const [inFile] = faultsOf(() => loadConfig({ file, environment: {}, set: [] }));
  assert.equal(inFile, `mqtt.brokers (${file}): there is no such key; config/gateway.yaml lists every key`);
  const [inEnvironment] = faultsOf(() => loadConfig({ environment: { TIDEGATE_FOO__BAR: '1' }, set: [] }));
  assert.match(inEnvironment, /^foo\.bar \(environment TIDEGATE_FOO__BAR\): there is no such key/);
});

test('a public URL is that of the device path, by WebSocket', () => {
  const load = (url: string) => loadConfig({ environment: {}, set: [`device.publicUrl=${url}`] }).device.publicUrl;
  for (const url of [
    'wss://devices.example.com/v1/device',
    'ws://10.0.0.7:8080/v1/device',
    'ws://[::1]:8080/v1/device',
  ])
    assert.equal(load(url), url);
  for (const url of [
    'https://devices.example.com/v1/device',
    'wss://devices.example.com',
    'wss:///v1/device',
    'devices.example.com',
    '',
  ]) {
    const faults = faultsOf(() => load(url));
    assert.deepEqual([faults.length, /^device\.publicUrl \(--set\): /.test(faults[0])], [1, true], faults[0]);
  }
});

test('map tiles come from one host that the browser can be told, and their URL has the place of a tile', () => {
  const load = (url: string, attribution = '© Example Maps') => {
    const set = [`console.mapTiles.url=${url}`, `console.mapTiles.attribution=${attribution}`];
    return loadConfig({ environment: {}, set }).console.mapTiles?.url;
  };
  for (const url of [
    'https://tiles.example.com/{z}/{x}/{y}.png',
    'https://tiles.example.com:8443/{z}/{y}/{x}{r}.png?key=a-b',
    'http://127.0.0.1:8090/{z}/{x}/{y}.png',
    'https://karte.bücher.example/{z}/{x}/{y}',
  ])
    assert.equal(load(url), url);
  for (const url of [
    '',
    'tiles.example.com/{z}/{x}/{y}.png',
    'ftp://tiles.example.com/{z}/{x}/{y}.png',
    'https:///{z}/{x}/{y}.png',
    'https:tiles.example.com/{z}/{x}/{y}.png',
    "https://tiles.example.com;script-src'unsafe-inline'/{z}/{x}/{y}.png",
    'https://a b.example.com/{z}/{x}/{y}.png',
    'https://*.example.com/{z}/{x}/{y}.png',
    'https://{s}.example.com/{z}/{x}/{y}.png',
    'https://ann:secret@tiles.example.com/{z}/{x}/{y}.png',
    'https://[::1]/{z}/{x}/{y}.png',
    'https://tiles.example.com/{z}/{x}.png',
    'https://tiles.example.com/tile.png',
    'https://tiles.example.com/{z}/{x}/{y}.{format}',
    'https://tiles.example.com/{z}/{x}/{y}.png?{',
    `https://tiles.example.com/{z}/{x}/{y}/${'a'.repeat(2048)}`,
  ]) {
    const faults = faultsOf(() => load(url));
    assert.deepEqual([faults.length, /^console\.mapTiles\.url/.test(faults[0])], [1, true], `${url} ${faults[0]}`);
  }
  assert.match(faultsOf(() => load('https://tiles.example.com/{z}/{x}/{y}', ''))[0], /^console\.mapTiles\.attribution/);
  const half = faultsOf(() =>
    loadConfig({ environment: {}, set: ['console.mapTiles.url=https://a.example/{z}/{x}/{y}'] }),
  );
  assert.match(half.join(), /^console\.mapTiles .*attribution/);
  assert.equal(loadConfig({ environment: {}, set: [] }).console.mapTiles, undefined);
});

test('a variable with one underscore between section and key is answered with the right one', () => {
  for (const [name, value, right] of [
    ['TIDEGATE_DEVICE_PORT', '8080', 'TIDEGATE_DEVICE__PORT'],
    ['TIDEGATE_LOG_LEVEL', 'debug', 'TIDEGATE_LOG__LEVEL'],
    ['TIDEGATE_STORE_RETENTION_DAYS', '3', 'TIDEGATE_STORE__RETENTIONDAYS'],
    ['TIDEGATE_OPERATOR_TLS_CERT_FILE', '/x', 'TIDEGATE_OPERATOR__TLS__CERTFILE'],
  ]) {
    const faults = faultsOf(() => loadConfig({ environment: { [name]: value }, set: [] }));
    assert.equal(faults.length, 1);
    assert.ok(faults[0].endsWith(`(environment ${name}): there is no such key; did you mean ${right}?`), faults[0]);
  }
});

test('the two ports must differ, unless each has an address of its own or the system chooses them', () => {
  const ports = (device: string, operator: string, port: number): string[] => [
    `device.host=${device}`,
    `operator.host=${operator}`,
    `device.port=${port}`,
    `operator.port=${port}`,
  ];
  for (const [device, operator] of [
    ['::', '127.0.0.1'],
    ['0.0.0.0', '::'],
    ['127.0.0.1', '127.0.0.1'],
    ['10.0.0.1', '0.0.0.0'],
  ])
    assert.deepEqual(
      faultsOf(() => loadConfig({ environment: {}, set: ports(device, operator, 9) })),
      ['operator.port: 9 is device.port, too. Give the two ports different numbers'],
    );
  loadConfig({ environment: {}, set: ports('10.0.0.1', '127.0.0.1', 9) });
  loadConfig({ environment: {}, set: ports('::', '::', 0) });
});

test('each setting has the origin that set it last', (context) => {
  const file = fileWith(
    context,
    'device:\n  port: 1\n  host: 127.0.0.1\nlog:\n  level: warn\ntrustedProxies: [10.0.0.1]\n',
  );
  const config = loadConfig({
    file,
    environment: { TIDEGATE_DEVICE__PORT: '2', TIDEGATE_STORE__RETENTION_DAYS: '3', TIDEGATE_LOG__LEVEL: 'info' },
    set: ['log.level=error'],
  });
  assert.deepEqual(
    ['device.host', 'device.port', 'store.retentionDays', 'log.level', 'trustedProxies', 'operator.port'].map((key) =>
      originText(originOf(config, key)),
    ),
    [file, 'environment TIDEGATE_DEVICE__PORT', 'environment TIDEGATE_STORE__RETENTION_DAYS', '--set', file, 'default'],
  );
});

test('a file that is missing, is not YAML, or is not a map is a fault', (context) => {
  for (const file of ['/none/such.yaml', fileWith(context, 'a: [1'), fileWith(context, '- 1')]) {
    assert.match(faultsOf(() => loadConfig({ file, environment: {}, set: [] }))[0], new RegExp(file));
  }
});

test('proxies must be addresses or ranges, and a limit of a device may be 0', () => {
  const set = ['trustedProxies=10.0.0.0/8,fd00::1', 'limits.device.bytesPerSecond=0.5'];
  const config = loadConfig({ environment: {}, set });
  assert.deepEqual(config.trustedProxies, ['10.0.0.0/8', 'fd00::1']);
  assert.deepEqual([config.limits.device.bytesPerSecond, config.limits.device.framesPerSecond], [0.5, 0]);
  for (const bad of [
    'trustedProxies=proxy.local',
    'trustedProxies=10.0.0.0/33',
    'limits.device.framesPerSecond=-1',
    'limits.device.burstSeconds=0',
    'admission.connectsPerSecond=0',
    'admission.clientSubjectHeader=X Y',
  ])
    assert.equal(faultsOf(() => loadConfig({ environment: {}, set: [bad] })).length, 1, bad);
});

test('an allowed origin is a scheme and a host, with a port if it has one', () => {
  const set = ['operator.allowedOrigins=https://console.example.com,http://10.0.0.1:8080/'];
  assert.equal(loadConfig({ environment: {}, set }).operator.allowedOrigins.length, 2);
  for (const bad of [
    '*',
    'console.example.com',
    'https://a/b',
    'https://a?b',
    'https://u@a',
    'ws://a',
    'https://',
    'null',
  ]) {
    const faults = faultsOf(() => loadConfig({ environment: {}, set: [`operator.allowedOrigins=${bad}`] }));
    assert.match(faults.join(), /^operator\.allowedOrigins: .* is not an origin\. Write scheme and host/, bad);
  }
});

test('invalid prefixes, broker addresses and client certificates are faults', () => {
  const wrong = [
    ...['mqtt.prefix=a/#', 'mqtt.prefix=a+b', 'mqtt.prefix=/a', 'mqtt.prefix=a/', 'mqtt.prefix=$SYS', 'mqtt.prefix='],
    ...['mqtt.url=http://127.0.0.1', 'mqtt.url=mqtt://', 'mqtt.tls.certFile=a.pem', 'mqtt.whenFull=drop'],
  ];
  for (const set of wrong) assert.equal(faultsOf(() => loadConfig({ environment: {}, set: [set] })).length, 1, set);
  for (const prefix of ['a', 'a/b', 'Plant 7'])
    assert.equal(loadConfig({ environment: {}, set: [`mqtt.prefix=${prefix}`] }).mqtt.prefix, prefix);
});

test('no fault and no printed setting contains a password', () => {
  const [fault] = faultsOf(() => loadConfig({ environment: {}, set: ['mqtt.url=mqtt://me:hunter2@broker'] }));
  assert.match(fault, /mqtt\.username/);
  assert.doesNotMatch(fault, /hunter2/);
  const environment = { TIDEGATE_MQTT__PASSWORD: 'hunter2' };
  const config = loadConfig({ environment, set: [] });
  assert.equal(config.mqtt.password, 'hunter2');
  assert.doesNotMatch(JSON.stringify(withoutSecrets(config)), /hunter2/);
  const twice = faultsOf(() => loadConfig({ environment, set: ['mqtt.passwordFile=p'] }));
  assert.match(twice[0], /give one of them/);
});

test('the configuration is deeply frozen', () => {
  const config = loadConfig({ environment: {}, set: [] });
  assert.throws(() => Object.assign(config.device, { port: 1 }), TypeError);
});

test('config/gateway.yaml has every key with its default', () => {
  const shown = loadConfig({ file: join(packageRoot, 'config', 'gateway.yaml'), environment: {}, set: [] });
  assert.deepEqual(shown, loadConfig({ environment: {}, set: [] }));
  const text = readFileSync(join(packageRoot, 'config', 'gateway.yaml'), 'utf8');
  for (const key of keysOf(shown)) assert.match(text, new RegExp(`^ *(# )?${key}:`, 'm'), key);
});

/** The names of all sections and keys. */
function keysOf(tree: object): string[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'object' && !Array.isArray(value) ? [key, ...keysOf(value)] : [key],
  );
}

test('the models that come with Tidegate are valid', () => {
  assert.deepEqual([...loadModels(join(packageRoot, 'config', 'models')).keys()], ['boiler', 'room', 'tracker']);
});

test('faults in models name the file and the place', (context) => {
  const file = fileWith(
    context,
    'metrics:\n  - { number: 0, name: a }\n  - { number: 0, name: a }\n  - { number: 70000, name: "a b" }\n',
    'bad.yaml',
  );
  const faults = faultsOf(() => loadModels(join(file, '..')));
  assert.ok(
    faults.every((fault) => fault.includes('bad.yaml/metrics/2')),
    faults.join('\n'),
  );
  assert.equal(faults.length, 2);
  const twice = fileWith(context, 'metrics:\n  - { number: 0, name: a }\n  - { number: 0, name: a }\n', 'twice.yaml');
  assert.deepEqual(
    faultsOf(() => loadModels(join(twice, '..'))).map((fault) => fault.replace(/^.*: /, '')),
    ['number 0 is given twice', 'name a is given twice'],
  );
  assert.equal(faultsOf(() => loadModels('/none/such')).length, 1);
});

test('variables that Kubernetes and Docker make for services are left alone', () => {
  const environment: Record<string, string> = {};
  for (const service of ['TIDEGATE', 'TIDEGATE_DEVICE', 'TIDEGATE_0', 'TIDEGATE__X'])
    Object.assign(environment, {
      [`${service}_SERVICE_HOST`]: '10.0.0.11',
      [`${service}_SERVICE_PORT`]: '8080',
      [`${service}_SERVICE_PORT_DEVICES`]: '8080',
      [`${service}_PORT`]: 'tcp://10.0.0.11:8080',
      [`${service}_PORT_8080_TCP`]: 'tcp://10.0.0.11:8080',
      [`${service}_PORT_8080_TCP_PROTO`]: 'tcp',
      [`${service}_PORT_8080_TCP_PORT`]: '8080',
      [`${service}_PORT_8080_TCP_ADDR`]: '10.0.0.11',
      [`${service}_PORT_5683_UDP`]: 'udp://10.0.0.11:5683',
      [`${service}_PORT_7000_SCTP_ADDR`]: '10.0.0.11',
      [`${service}_NAME`]: '/app/tidegate',
      [`${service}_ENV_NODE_VERSION`]: '26.1.0',
    });
  assert.deepEqual(loadConfig({ environment, set: [] }), loadConfig({ environment: {}, set: [] }));
});

test('a misspelt setting is a fault, also if it resembles the name of a service', () => {
  const misspelt = {
    TIDEGATE_PORT: '8080',
    TIDEGATE_DEVICE_PORT: '9000',
    TIDEGATE_OPERATOR_PORT: 'http://127.0.0.1:9000',
    TIDEGATE_DEVICE__PROT: '8080',
    TIDEGATE_SERVICE: '10.0.0.11',
    TIDEGATE_HOST: '10.0.0.11',
    TIDEGATE_PORT_8080: '8080',
    TIDEGATE_NAME: 'harbour',
    TIDEGATE_DEVICE__PORT: 'tcp://10.0.0.11:8080',
    TIDEGATE_DEVICE__SERVICE_HOST: '10.0.0.11',
  };
  for (const [name, value] of Object.entries(misspelt))
    assert.equal(faultsOf(() => loadConfig({ environment: { [name]: value }, set: [] })).length, 1, name);
});
