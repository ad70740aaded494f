import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { gatewayTools, startOn, startTestGateway, takenPort } from '../gateway/gateway.fixture.js';
import { version } from '../gateway/process/version.js';
import { expectedOf, unpackRelease } from '../gateway/store/release.fixture.js';
import type { JobBody } from '../schemas/generated/operator.js';
import { mainFile, runCli as run } from './cli.fixture.js';
import { tableOf } from './terminal/output.js';
import { parseSpan, parseWhen } from './terminal/times.js';

test('devices are added, listed, shown, changed and removed', async (context) => {
  const tools = await startTestGateway(context);
  const added = await run(tools, 'device', 'add', 'boiler-7', '--model', 'boiler', '--tag', 'site=north');
  assert.ok(added.out.includes(tools.gateway.deviceUrl), 'the programs name the port that this gateway has');
  assert.match(added.out, /^ {2}tgd_[A-Za-z0-9_-]{43}$/m);
  for (const snippet of [
    /^const ws = new WebSocket\('ws:/m,
    /^import { connectDevice } from/m,
    /^from tidegate import Device$/m,
    /^make -s -C .*clients\/c' linux$/m,
    /^Authorization: Basic/m,
  ])
    assert.match(added.out, snippet);
  assert.match((await run(tools, 'device', 'list')).out, /boiler-7 +active +never +– +boiler +site=north/);
  assert.equal((await run(tools, 'device', 'list', '--tag', 'site=south', '--json')).out, '');
  assert.match((await run(tools, 'device', 'show', 'boiler-7')).out, /No readings yet/);
  assert.match((await run(tools, 'device', 'disable', 'boiler-7')).out, /is disabled/);
  assert.match((await run(tools, 'device', 'enable', 'boiler-7')).out, /is active/);
  assert.match((await run(tools, 'device', 'rotate', 'boiler-7', '--grace', '1m')).out, /tgd_/);
  assert.match((await run(tools, 'device', 'remove', 'boiler-7', '--yes')).out, /is removed/);
  const gone = await run(tools, 'device', 'show', 'boiler-7');
  assert.deepEqual(
    [gone.code, gone.err],
    [1, 'There is no device boiler-7. Check the id in the list of devices. (device_unknown)\n'],
  );
});

test('devices are imported from CSV, and can connect with their secrets', async (context) => {
  const tools = await startTestGateway(context);
  const file = join(tools.data, 'fleet.csv');
  writeFileSync(file, '\uFEFFid,model,tags\r\na,boiler,site=north;floor=2\nb,,\n');
  const { out } = await run(tools, 'device', 'import', file);
  const [heading, ...rows] = out
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  assert.deepEqual(heading, ['id', 'secret']);
  for (const [id, secret] of rows) await (await tools.connect({ id, secret })).close();
  assert.equal(rows.length, 2);
  writeFileSync(file, 'name\na\n');
  assert.match(
    (await run(tools, 'device', 'import', file)).err,
    /first line must name the columns id, name, model, tags, notes/,
  );
});

test('query prints readings as a table, CSV and NDJSON', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('a', { model: 'room' }), '?stream=main');
  link.send({ seq: 1, ts: Date.now(), values: { temperature: 21.5, door: 'open, wide' } });
  await link.untilAck(1);
  assert.match(
    (await run(tools, 'query', 'a')).out,
    /^TIME \(UTC\) +METRIC +VALUE +UNIT\n\S+Z +temperature +21\.5 +°C\n/,
  );
  assert.match(
    (await run(tools, 'query', 'a', '--format', 'csv', '--metric', 'door')).out,
    /^time,metric,value,unit\n\S+Z,door,"open, wide",\n$/,
  );
  const line = JSON.parse((await run(tools, 'query', 'a', '--json', '--metric', 'temperature')).out) as {
    value: number;
  };
  assert.equal(line.value, 21.5);
  assert.equal((await run(tools, 'query', 'a', '--from', 'whenever')).code, 64);
  assert.equal((await run(tools, 'query', 'a', '--format', 'xml')).code, 64);
});

test('keys are created, listed and revoked', async (context) => {
  const tools = await startTestGateway(context);
  const made = JSON.parse((await run(tools, 'key', 'add', 'wall', '--role', 'viewer', '--json')).out) as {
    id: string;
    key: string;
  };
  assert.match((await run(tools, 'key', 'list')).out, /wall +viewer/);
  assert.match((await run(tools, 'device', 'add', 'x', '--key', made.key)).err, /role_insufficient/);
  assert.match((await run(tools, 'key', 'revoke', made.id, '--yes')).out, /is revoked/);
});

test('doctor checks a data folder beside the running gateway', async (context) => {
  const tools = await startTestGateway(context);
  const healthy = await run(null, 'doctor', '--data', tools.data);
  assert.equal(healthy.code, 0, healthy.out);
  assert.match(healthy.out, /log\.db integrity +ok/);
  const nothing = await run(null, 'doctor', '--data', join(tools.data, 'none'));
  assert.equal(nothing.code, 1);
});

test('config check prints the resulting settings, or every fault with exit code 78', async () => {
  const good = await run(null, 'config', 'check', '--set', 'device.port=9');
  assert.match(good.out, /^device\.port = 9$/m);
  const bad = await run(null, 'config', 'check', '--set', 'device.port=x', '--set', 'colour=red');
  assert.equal(bad.code, 78);
  assert.match(bad.err, /2 faults/);
});

test('a port in use is reported with its setting, and the folder of other files is refused', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-port-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const port = await takenPort(context);
  for (const [setting, other] of [
    ['device.port', 'operator.port'],
    ['operator.port', 'device.port'],
  ]) {
    const ports = ['--set', `${setting}=${port}`, '--set', `${other}=0`, '--set', 'device.host=127.0.0.1'];
    const { code, err } = await run(null, 'serve', '--data', join(folder, 'data'), ...ports);
    assert.equal(code, 69);
    assert.equal(
      err,
      `${setting}: Port ${port} on 127.0.0.1 is in use. Stop the program that uses it, or choose another port, for example --set ${setting}=9000.\n`,
    );
  }
  assert.deepEqual(readdirSync(folder), [], 'no data folder is left behind');
  mkdirSync(join(folder, 'data'));
  const foreign = await run(null, 'serve', '--data', folder, '--set', 'device.port=0', '--set', 'operator.port=0');
  assert.deepEqual(
    [foreign.code, /no data of a gateway, but other files: data\./.test(foreign.err)],
    [73, true],
    foreign.err,
  );
});

test('config show and config check say which file is in force, and show has the origin of each setting', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-show-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'plant.yaml');
  writeFileSync(file, 'device:\n  port: 7\nmqtt:\n  password: hunter2\n');
  const shown = await run(null, 'config', 'show', '--config', file, '--set', 'log.level=warn');
  assert.match(shown.out, new RegExp(`^configuration file: ${file}\n\nSETTING +VALUE +FROM\n`));
  assert.match(shown.out, new RegExp(`^device\\.port +7 +${file}$`, 'm'));
  assert.match(shown.out, /^operator\.port +8081 +default$/m);
  assert.match(shown.out, /^log\.level +"warn" +--set$/m);
  assert.doesNotMatch(shown.out, /hunter2/);
  const json = JSON.parse((await run(null, 'config', 'show', '--json', '--config', file)).out) as {
    file: string;
    settings: object[];
  };
  assert.equal(json.file, file);
  assert.deepEqual(
    json.settings.find((one) => JSON.stringify(one).includes('mqtt.password"')),
    { key: 'mqtt.password', value: '***', source: 'file', from: file },
  );
  for (const command of ['show', 'check'])
    assert.match(
      (await run(null, 'config', command)).out,
      /^no configuration file: using defaults, TIDEGATE_ variables/,
    );
  assert.equal((await run(null, 'config', 'show', '--config', join(folder, 'none.yaml'))).code, 78);
});

test('config check reads the files that the settings name, and a start that cannot read them makes no data folder', async (context) => {
  const base = mkdtempSync(join(tmpdir(), 'tidegate-files-'));
  context.after(() => rmSync(base, { recursive: true }));
  const noPair = join(base, 'text.pem');
  writeFileSync(noPair, 'no certificate');
  const set = [
    `device.tls.certFile=${join(base, 'none.pem')}`,
    `device.tls.keyFile=${noPair}`,
    `operator.tls.certFile=${noPair}`,
    `operator.tls.keyFile=${noPair}`,
    'mqtt.url=mqtt://127.0.0.1:1',
    `mqtt.passwordFile=${base}`,
  ].flatMap((one) => ['--set', one]);
  const data = join(base, 'data');
  for (const command of [['config', 'check'], ['serve'], ['demo']]) {
    const { code, err } = await run(null, ...command, '--data', data, ...set);
    assert.equal(code, 78, err);
    assert.match(err, /3 faults/);
    assert.match(
      err,
      /device\.tls: \S+none\.pem cannot be used for TLS: there is no such file or folder\. Correct the path/,
    );
    assert.match(err, /operator\.tls: \S+text\.pem and \S+text\.pem cannot be used for TLS: /);
    assert.match(err, /mqtt\.passwordFile: \S+ cannot be read: it is a folder\./);
    assert.doesNotMatch(err, /\n +at /);
  }
  assert.equal(existsSync(data), false);
});

test('sql and doctor refuse a file in the place of the data folder, without a stack', async (context) => {
  const base = mkdtempSync(join(tmpdir(), 'tidegate-files-'));
  context.after(() => rmSync(base, { recursive: true }));
  const file = join(base, 'file');
  writeFileSync(file, '');
  for (const command of [['sql', 'SELECT 1'], ['doctor']]) {
    const { code, err } = await run(null, ...command, '--data', file);
    assert.equal(code, 66, err);
    assert.match(err, /file cannot be read: the path, or a part of it, is a file\. Run the command as .*--data\.\n$/);
  }
});

test('a mistake on the command line and a gateway that does not answer have different exit codes', async () => {
  assert.equal((await run(null, 'teleport')).code, 64);
  assert.equal((await run(null, 'query')).code, 64);
  assert.equal((await run(null, '--version')).code, 0);
  const none = await run(null, 'device', 'list', '--url', 'http://127.0.0.1:1', '--key', 'tgk_x');
  assert.deepEqual([none.code, none.err.includes('No gateway answers')], [69, true]);
  assert.equal((await run(null, 'device', 'list', '--data', '/none/such')).code, 78);
  for (const url of ['127.0.0.1:8081', 'localhost:8081', 'ws://127.0.0.1:8081', 'http://', '']) {
    const wrong = await run(null, 'device', 'list', '--url', url, '--key', 'tgk_x');
    assert.deepEqual(
      [wrong.code, /is not the URL of a gateway\. Write it with http:/.test(wrong.err)],
      [64, true],
      url,
    );
  }
});

test('a reader that closes the pipe ends the command without a fault', async (context) => {
  const tools = await startTestGateway(context);
  const { secret } = await tools.addDevice('boiler-7');
  const child = spawn(process.execPath, [mainFile, 'tail', '--url', tools.gateway.operatorUrl, '--data', tools.data], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  context.after(() => child.kill('SIGKILL'));
  child.stdout.destroy();
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += String(text);
  });
  const closed = once(child, 'close');
  // Each connection makes `tail` print lines, once it has subscribed.
  while (child.exitCode === null) await tools.connect({ id: 'boiler-7', secret });
  const [code] = await closed;
  assert.deepEqual([code, errors], [0, '']);
});

test('tail prints values as people read them, and with --json every digit', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('t', { model: 'tracker' }), '?stream=main');
  const send = async (seq: number): Promise<void> => {
    link.send({ seq, values: { lat: 53.570832123, speed: 21.999573603, n: 0.1 + 0.2 } });
    await link.untilAck(seq);
  };
  await send(1);
  const watch = async (...more: string[]): Promise<string> => {
    const args = ['tail', 't', ...more, '--url', tools.gateway.operatorUrl, '--data', tools.data];
    const child = spawn(process.execPath, [mainFile, ...args], { env: { ...process.env, NO_COLOR: '1' } });
    context.after(() => child.kill('SIGKILL'));
    let out = '';
    child.stdout.on('data', (text) => {
      out += String(text);
    });
    // Frames from before the subscription are not printed, so they are sent until one is.
    for (let seq = more.length === 0 ? 2 : 1_000; !out.includes('speed'); seq++) await send(seq);
    child.kill('SIGTERM');
    await once(child, 'close');
    return out;
  };
  const shown = await watch();
  assert.match(shown, /Z {2}t {2}lat 53\.570832°\n/);
  assert.match(shown, /Z {2}t {2}speed 22 m\/s\n/);
  assert.match(shown, /Z {2}t {2}n 0\.3\n/);
  assert.match(await watch('--json'), /"value":21\.999573603\b/);
});

test('a key from the data folder of another gateway is refused with the name of its file', async (context) => {
  const tools = await startTestGateway(context);
  const other = mkdtempSync(join(tmpdir(), 'tidegate-key-'));
  context.after(() => rmSync(other, { recursive: true }));
  writeFileSync(join(other, 'admin.key'), `tgk_${'a'.repeat(43)}\n`);
  const { code, err } = await run(null, 'device', 'list', '--url', tools.gateway.operatorUrl, '--data', other);
  assert.equal(code, 1);
  assert.ok(err.includes(`The key is from ${join(other, 'admin.key')}`), err);
});

test('times are accepted in the forms that people write', () => {
  const now = Date.UTC(2026, 10, 24, 12);
  assert.equal(parseWhen('-15m', now), now - 900_000);
  assert.equal(parseWhen('-1.5h', now), now - 5_400_000);
  assert.equal(parseWhen('1795305600000', now), 1_795_305_600_000);
  assert.equal(parseWhen('2026-11-24', now), Date.UTC(2026, 10, 24));
  assert.equal(parseWhen('2026-11-24T12:00', now), now);
  assert.equal(parseWhen('2026-11-24T13:00:00.000+01:00', now), now);
  for (const text of ['', 'now', '15m', '-15', '2026-13-01', '2026-11-24 12:00', '24.11.2026'])
    assert.throws(() => parseWhen(text, now), text);
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }), (date) => {
      assert.equal(parseWhen(date.toISOString(), now), date.getTime());
      assert.equal(parseWhen(String(date.getTime()), now), date.getTime());
    }),
    { seed: 3 },
  );
  for (const [text, hint] of [
    ['15m', /write -15m$/],
    ['-15', /write -15s, -15m or -15h$/],
    ['now', /Leave the option out/],
  ] as const)
    assert.throws(() => parseWhen(text, now), hint);
  assert.deepEqual(
    [parseSpan('--wait', '250ms'), parseSpan('--wait', '10'), parseSpan('--wait', '1d')],
    [250, 10_000, 86_400_000],
  );
  for (const text of ['soon', '-5s', '', '5 s'])
    assert.throws(() => parseSpan('--wait', text), /--wait .* is not valid\. Write a span of time/);
});

test('tables are as wide as their contents, and CSV fields are quoted if they must be', () => {
  assert.equal(
    tableOf(
      ['A', 'B'],
      [
        ['long', 'x'],
        ['s', ''],
      ],
    ),
    'A     B\nlong  x\ns',
  );
});

test('query aggregates in buckets, and CSV and NDJSON have the whole range', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('a', { model: 'room' }), '?stream=main');
  const start = Math.floor(Date.now() / 60_000) * 60_000 - 120_000;
  const samples = Array.from({ length: 600 }, (_, i) => ({
    ts: start + i * 100,
    values: { temperature: i / 4, humidity: 50 },
  }));
  link.send({ seq: 1, samples });
  await link.untilAck(1);
  const csv = await run(tools, 'query', 'a', '--format', 'csv');
  assert.equal(csv.out.trim().split('\n').length, 1_201);
  const table = await run(tools, 'query', 'a');
  assert.match(
    table.out,
    /These are the newest 1,000 rows of the range\. For earlier ones: --to \S+Z, a larger --limit, or --format csv for the whole range\.\n$/,
  );
  assert.match(table.out, /temperature +149\.75 +°C\n(?:\S+ +humidity .*\n)?\nThese/, 'the newest row is last');
  const ends = async (...order: string[]): Promise<number[]> => {
    const { out } = await run(tools, 'query', 'a', '--metric', 'temperature', '--limit', '3', '--json', ...order);
    return out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { value: number }).value);
  };
  assert.deepEqual(await ends(), [149.25, 149.5, 149.75]);
  assert.deepEqual(await ends('--order', 'desc'), [149.75, 149.5, 149.25]);
  assert.deepEqual(await ends('--order', 'asc'), [0, 0.25, 0.5]);
  const buckets = await run(tools, 'query', 'a', '--metric', 'temperature', '--every', '1m', '--format', 'csv');
  const [heading, first] = buckets.out.split('\n');
  assert.equal(heading, 'time,metric,avg,min,max,sum,count,first,last,unit');
  assert.equal(first, `${new Date(start).toISOString()},temperature,74.875,0,149.75,44925,600,0,149.75,Cel`);
  const bad = await run(tools, 'query', 'a', '--every', 'often');
  assert.deepEqual([bad.code, /--every often is not valid/.test(bad.err)], [64, true]);
});

test('sql reads the day files after a seal, and refuses to write', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('a', { model: 'room' }), '?stream=main');
  link.send({ seq: 1, ts: Date.now(), values: { temperature: 21.5, door: 'open, wide' } });
  await link.untilAck(1);
  const statement = 'SELECT device, metric, unit, value FROM readings ORDER BY metric';
  const from = ['--from', '-1d'];
  const { out } = await run(tools, 'sql', statement, ...from);
  assert.match(out, /^device +metric +unit +value\na +door +open, wide\na +temperature +Cel +21\.5\n$/);
  assert.equal(
    (await run(tools, 'sql', statement, ...from, '--format', 'csv')).out,
    'device,metric,unit,value\na,door,,"open, wide"\na,temperature,Cel,21.5\n',
  );
  assert.deepEqual(
    (await run(tools, 'sql', statement, ...from, '--json')).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object),
    [
      { device: 'a', metric: 'door', unit: null, value: 'open, wide' },
      { device: 'a', metric: 'temperature', unit: 'Cel', value: 21.5 },
    ],
  );
  const later = ['--from', '-60d', '--to', '-50d'];
  assert.match((await run(tools, 'sql', 'SELECT count(*) AS n FROM readings', ...later)).out, /^n\n0\n$/);
  for (const [bad, why] of [
    ['DELETE FROM day_0.chunk', /accepts only a SELECT/],
    ['DROP VIEW readings', /accepts only a SELECT/],
    ['SELECT * FROM nowhere', /no such table/],
    ['SELECT 1; SELECT 2', /The SQL statement failed: /],
    ['', /The SQL statement failed: /],
  ] as const) {
    const ran = await run(tools, 'sql', bad, ...from);
    assert.equal(ran.code, 65, bad);
    assert.match(ran.err, why, bad);
  }
  assert.equal((await run(null, 'sql', 'SELECT 1', '--data', '/nowhere')).code, 66);
});

test('backup, erase and confirm-clock work, and doctor reports a damaged day file', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('a'), '?stream=main');
  link.send({ seq: 1, values: { n: 1 } });
  await link.untilAck(1);
  await tools.api('POST', '/v1/gateway/seal');
  const copy = mkdtempSync(join(tmpdir(), 'tidegate-copy-'));
  context.after(() => rmSync(copy, { recursive: true }));
  const backup = await run(tools, 'backup', join(copy, 'of'));
  assert.match(backup.out, /of contains \d+ files, [\d.]+ [KM]iB\. Start a gateway on a copy of it:/);
  const again = await run(tools, 'backup', join(copy, 'of'));
  assert.deepEqual([again.code, /not an empty folder/.test(again.err)], [1, true]);
  writeFileSync(join(copy, 'file'), '');
  const below = await run(tools, 'backup', join(copy, 'file', 'below'));
  assert.deepEqual(
    [
      below.code,
      /below cannot be made .*: the path, or a part of it, is a file\. .*\(folder_invalid\)\n$/.test(below.err),
    ],
    [1, true],
    below.err,
  );
  const erased = await run(tools, 'device', 'remove', 'a', '--erase', '--yes');
  assert.match(erased.out, /Device a is removed, and its data is erased from every file.*Backups still contain it\./);
  assert.match((await run(tools, 'confirm-clock', '--yes')).out, /is confirmed/);
  const doctor = await run(null, 'doctor', '--data', join(copy, 'of'), '--all');
  assert.match(doctor.out, /day files +ok +1 day, \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d, [\d.]+ MiB; 1 checked/);
  const [day] = readdirSync(join(copy, 'of', 'readings'));
  writeFileSync(join(copy, 'of', 'readings', day), 'this is no database, and longer than a header of SQLite would be');
  const broken = await run(null, 'doctor', '--data', join(copy, 'of'));
  assert.deepEqual([broken.code, /file is not a database/.test(broken.out)], [1, true]);
});

test('pack packs the finished days of 0.1 and says when none is left; doctor names the command until then', async (context) => {
  const folder = unpackRelease(context, '0.1.0');
  const gateway = await startOn(folder, [], { clock: { now: () => expectedOf('0.1.0').at + 60_000 } });
  try {
    const tools = gatewayTools(gateway, folder);
    const doctor = async (): Promise<string> => (await run(null, 'doctor', '--data', folder)).out;
    assert.match(
      await doctor(),
      /day files of 0\.1 +warn +1 finished day still has a row per reading.* Run tidegate pack/,
    );
    assert.deepEqual(await run(tools, 'pack'), { code: 0, out: '1 day packed.\n', err: '' });
    assert.deepEqual(await run(tools, 'pack'), { code: 0, out: 'Every finished day is packed already.\n', err: '' });
    const job = JSON.parse((await run(tools, 'pack', '--json')).out) as JobBody;
    assert.deepEqual([job.type, job.state, job.filesDone], ['pack', 'done', 0]);
    assert.doesNotMatch(await doctor(), /day files of 0\.1/);
    const viewer = (await tools.api('POST', '/v1/keys', { name: 'wall', role: 'viewer' })).body as { key: string };
    const refused = await run(tools, 'pack', '--key', viewer.key);
    assert.deepEqual([refused.code, /role_insufficient/.test(refused.err)], [1, true], refused.err);
  } finally {
    await gateway.stop();
  }
});

test('--version prints the version alone in its first line, and then what a bug report needs', async () => {
  const { code, out } = await run(null, '--version');
  const [first, ...rest] = out.trimEnd().split('\n');
  assert.deepEqual([code, first, rest.length], [0, version, 3], out);
  assert.match(rest[0], /^node \d+\.\d+\.\d+ \(\w+ \w+\)$/);
  assert.match(rest[1], /^sqlite 3\.\d+\.\d+$/);
  assert.match(rest[2], /^transport (uws|ws) \d+\.\d+\.\d+: \S/);
});

/** Runs a program whose reader of one stream has left before it prints. Returns its exit code and the other stream. */
async function runUnread(stream: 'stdout' | 'stderr', file: string, args: string[]): Promise<[number | null, string]> {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  child[stream].destroy();
  let other = '';
  child[stream === 'stdout' ? 'stderr' : 'stdout'].on('data', (chunk) => {
    other += String(chunk);
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return [code, other];
}

const simulator = fileURLToPath(new URL('../device-sim/cli.js', import.meta.url));

test('every command that prints ends quietly when its reader leaves', async (context) => {
  const tools = await startTestGateway(context);
  await tools.addDevice('d');
  const api = ['--url', tools.gateway.operatorUrl, '--data', tools.data];
  const prints: string[][] = [
    ['--help'],
    ['--version'],
    ['config', 'check'],
    ['completion', 'fish'],
    ['device', 'list', ...api],
    ['device', 'show', 'd', ...api],
    ['key', 'list', ...api],
    ['query', 'd', ...api],
    ['attempts', ...api],
    ['command', 'list', 'd', ...api],
    ['batch', 'list', ...api],
  ];
  for (const args of prints) assert.deepEqual(await runUnread('stdout', mainFile, args), [0, ''], args.join(' '));
  assert.deepEqual(await runUnread('stdout', simulator, ['--help']), [0, '']);
});

test('the exit code is the same when nobody reads the errors', async () => {
  assert.deepEqual(await runUnread('stderr', mainFile, ['nonsense']), [64, '']);
  assert.deepEqual(await runUnread('stderr', mainFile, ['health', '--set', 'operator.port=1']), [1, '']);
  assert.equal((await runUnread('stderr', simulator, ['nonsense']))[0], 78);
});
